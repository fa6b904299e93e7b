{{ config(enabled=var('churn_date_rule') == 'on_cancel') }}
-- What the reports end with is what is live now.

with

daily as (
    select * from {{ ref('rpt_subscriptions_daily') }}
    where not is_complete
),

present as (
    select
        count(*) as live_subscriptions,
        count(distinct coalesce(customer_id, subscription_id)) as live_subscribers
    from {{ ref('dim_subscriptions') }}
    where is_live
)

select
    daily.live_end,
    present.live_subscriptions,
    daily.subscribers_live_end,
    present.live_subscribers
from present
left join daily
    on true
where
    coalesce(daily.live_end, 0) != present.live_subscriptions
    or coalesce(daily.subscribers_live_end, 0) != present.live_subscribers
