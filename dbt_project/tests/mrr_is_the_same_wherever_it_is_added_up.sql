{{ config(enabled=var('churn_date_rule') == 'on_cancel') }}
-- Three ways to the MRR and the live subscriptions at the end of a month: what was live then by the periods, the movements
-- of customers, and the day's report.

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
        periods.currency_code,
        sum(coalesce(periods.mrr, 0)) as mrr,
        count(*) as live_subscriptions
    from days
    inner join {{ ref('fct_subscription_periods') }} as periods
        on
            days.last_date >= periods.started_date
            and (periods.ended_date is null or days.last_date < periods.ended_date)
    where periods.state = 'live'
    group by days.month_date, periods.currency_code
),

by_movements as (
    select
        month_date,
        currency_code,
        sum(ending_mrr) as mrr,
        sum(live_subscriptions) as live_subscriptions
    from {{ ref('fct_mrr_movements') }}
    group by month_date, currency_code
),

by_month as (
    select
        month_date,
        sum(mrr) as mrr,
        sum(live_subscriptions) as live_subscriptions
    from by_movements
    group by month_date
),

by_day as (
    select
        days.month_date,
        daily.mrr_end,
        daily.live_end
    from days
    inner join {{ ref('rpt_subscriptions_daily') }} as daily
        on days.last_date = daily.day_date
)

select
    coalesce(by_periods.month_date, by_movements.month_date) as month_date,
    by_periods.mrr,
    by_movements.mrr as other_mrr,
    by_periods.live_subscriptions,
    by_movements.live_subscriptions as other_live_subscriptions
from by_periods
full outer join by_movements
    on
        by_periods.month_date = by_movements.month_date
        and coalesce(by_periods.currency_code, '') = coalesce(by_movements.currency_code, '')
where
    coalesce(by_periods.mrr, 0) != coalesce(by_movements.mrr, 0)
    or coalesce(by_periods.live_subscriptions, 0) != coalesce(by_movements.live_subscriptions, 0)
union all
select
    by_day.month_date,
    by_day.mrr_end as mrr,
    by_month.mrr as other_mrr,
    by_day.live_end as live_subscriptions,
    by_month.live_subscriptions as other_live_subscriptions
from by_day
full outer join by_month
    on by_day.month_date = by_month.month_date
where
    by_day.mrr_end != coalesce(by_month.mrr, 0)
    or coalesce(by_day.live_end, 0) != coalesce(by_month.live_subscriptions, 0)
