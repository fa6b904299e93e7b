{{ config(enabled=var('churn_date_rule') == 'on_cancel') }}
-- The last day of rpt_subscriptions_daily agrees with the subscriptions that are live in dim_subscriptions, and with
-- their customers.

with

daily as (
    select * from {{ ref('rpt_subscriptions_daily') }}
    where not is_complete
),

subscriptions as (
    select count(*) as live_subscriptions
    from {{ ref('dim_subscriptions') }}
    where is_live
),

-- By the customer that the subscription has in its history.
subscribers as (
    select count(distinct coalesce(customer_id, subscription_id)) as live_subscribers
    from {{ ref('fct_subscription_periods') }}
    where ended_at is null and state = 'live'
)

select
    daily.live_end,
    subscriptions.live_subscriptions,
    daily.subscribers_live_end,
    subscribers.live_subscribers
from subscriptions
cross join subscribers
left join daily
    on true
where
    coalesce(daily.live_end, 0) != subscriptions.live_subscriptions
    or coalesce(daily.subscribers_live_end, 0) != subscribers.live_subscribers
