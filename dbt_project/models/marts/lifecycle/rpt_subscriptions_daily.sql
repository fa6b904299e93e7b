{{ config(post_hook="{{ create_subscriptions_as_of() }}") }}

{%- set held_days = 1 if var('churn_date_rule') == 'day_after' else 0 -%}

-- What began and ended is counted from what happened, and what is live from the periods: two ways, which must agree.

with

live_days as (
    select * from {{ ref('int_live_days') }}
),

changes as (
    select
        *,
        {{ store_date('occurred_at') }} as occurred_date
    from {{ ref('int_customer_changes') }}
),

churn as (
    select
        churn_date,
        {{ store_date('reactivated_at') }} as reactivated_date
    from {{ ref('fct_churn') }}
),

-- The first and the last live subscription of a customer.
turns as (
    select
        coalesce(customer_id, subscription_id) as subscriber_id,
        customer_change_number,
        event_type,
        occurred_date,
        case
            when event_type = 'cancelled'
                then {{ days_later('occurred_date', held_days) }}
        end as lost_date
    from changes
    where live_after = case event_type when 'cancelled' then 0 else 1 end
),

counted_turns as (
    select
        *,
        max(lost_date) over (
            partition by subscriber_id
            order by customer_change_number
            rows between unbounded preceding and current row
        ) as last_lost_date
    from turns
),

-- What comes back cannot do so before it counts as gone.
counted as (
    select
        occurred_date as day,
        'created' as what
    from changes
    where event_type = 'created'
    union all
    select
        churn_date as day,
        'cancelled' as what
    from churn
    union all
    select
        greatest(reactivated_date, churn_date) as day,
        'reactivated' as what
    from churn
    where reactivated_date is not null
    union all
    select
        coalesce(lost_date, greatest(occurred_date, coalesce(last_lost_date, occurred_date))) as day,
        case
            when event_type = 'cancelled' then 'subscriber cancelled'
            when customer_change_number = 1 then 'subscriber created'
            else 'subscriber reactivated'
        end as what
    from counted_turns
),

daily as (
    select
        day,
        count(case what when 'created' then 1 end) as created,
        count(case what when 'reactivated' then 1 end) as reactivated,
        count(case what when 'cancelled' then 1 end) as cancelled,
        count(case what when 'subscriber created' then 1 end) as subscribers_created,
        count(case what when 'subscriber reactivated' then 1 end) as subscribers_reactivated,
        count(case what when 'subscriber cancelled' then 1 end) as subscribers_cancelled
    from counted
    group by day
),

final as (
    select
        ---------- text
        case when live_days.currencies = 1 then live_days.currency_code end as currency_code,

        ---------- numerics
        cast(coalesce(lag(live_days.live_subscriptions) over timeline, 0) as bigint) as live_start,
        coalesce(daily.created, 0) as created,
        coalesce(daily.reactivated, 0) as reactivated,
        coalesce(daily.cancelled, 0) as cancelled,
        cast(live_days.live_subscriptions as bigint) as live_end,
        cast(coalesce(lag(live_days.live_subscribers) over timeline, 0) as bigint) as subscribers_live_start,
        coalesce(daily.subscribers_created, 0) as subscribers_created,
        coalesce(daily.subscribers_reactivated, 0) as subscribers_reactivated,
        coalesce(daily.subscribers_cancelled, 0) as subscribers_cancelled,
        cast(live_days.live_subscribers as bigint) as subscribers_live_end,
        -- Amounts in several currencies do not add up.
        case when live_days.currencies <= 1 then {{ money('live_days.mrr') }} end as mrr_end,

        ---------- booleans
        live_days.is_complete,

        ---------- dates and times
        live_days.day as day_date
    from live_days
    left join daily
        on live_days.day = daily.day
    window timeline as (order by live_days.day)
)

select * from final
