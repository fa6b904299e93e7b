{{ config(enabled=var('churn_date_rule') == 'on_cancel') }}
-- MRR and live subscriptions at the end of each month agree between fct_subscription_periods, fct_mrr_movements and
-- rpt_subscriptions_daily. Sums over currencies are no amount, but must be equal everywhere.

with

days as (
    select
        month_date,
        max(day) as last_date
    from {{ ref('int_days') }}
    group by month_date
),

by_periods as (
    select
        days.month_date,
        sum(coalesce(periods.mrr, 0)) as mrr,
        count(*) as live_subscriptions
    from days
    inner join {{ ref('fct_subscription_periods') }} as periods
        on
            days.last_date >= periods.started_date
            and (periods.ended_date is null or days.last_date < periods.ended_date)
    where periods.state = 'live'
    group by days.month_date
),

by_movements as (
    select
        month_date,
        sum(ending_mrr) as mrr,
        sum(live_subscriptions) as live_subscriptions
    from {{ ref('fct_mrr_movements') }}
    group by month_date
),

daily as (
    select * from {{ ref('rpt_subscriptions_daily') }}
)

select
    days.month_date,
    by_periods.mrr as mrr_of_periods,
    by_movements.mrr as mrr_of_movements,
    daily.mrr_end,
    by_periods.live_subscriptions as live_by_periods,
    by_movements.live_subscriptions as live_by_movements,
    daily.live_end
from days
left join by_periods
    on days.month_date = by_periods.month_date
left join by_movements
    on days.month_date = by_movements.month_date
left join daily
    on days.last_date = daily.day_date
where
    coalesce(by_periods.mrr, 0) != coalesce(by_movements.mrr, 0)
    or coalesce(by_periods.mrr, 0) != daily.mrr_end
    or coalesce(by_periods.live_subscriptions, 0) != coalesce(by_movements.live_subscriptions, 0)
    or coalesce(by_periods.live_subscriptions, 0) != coalesce(daily.live_end, -1)
