-- Of a forecast that was judged: what was known is what is kept of that day, and what was placed is the days' revenue.

with

judged as (
    select
        as_of_date,
        horizon_days,
        {{ days_later('as_of_date', 'horizon_days') }} as until_date,
        sum(known_items) as known_items,
        sum(known_value) as known_value,
        sum(placed_value) as placed_value
    from {{ ref('rpt_forecast_accuracy') }}
    group by as_of_date, horizon_days
),

kept as (
    select
        judged.as_of_date,
        judged.horizon_days,
        sum(upcoming.known_items) as known_items,
        sum(upcoming.known_value) as known_value
    from judged
    inner join {{ ref('rpt_upcoming') }} as upcoming
        on
            judged.as_of_date = upcoming.as_of_date
            and judged.as_of_date < upcoming.place_date
            and judged.until_date >= upcoming.place_date
    group by judged.as_of_date, judged.horizon_days
),

revenue as (
    select
        judged.as_of_date,
        judged.horizon_days,
        sum(days.revenue) as revenue
    from judged
    inner join {{ ref('rpt_revenue_daily') }} as days
        on judged.as_of_date < days.day_date and judged.until_date >= days.day_date
    group by judged.as_of_date, judged.horizon_days
)

select
    judged.*,
    kept.known_items as kept_items,
    kept.known_value as kept_value,
    revenue.revenue
from judged
left join kept
    on judged.as_of_date = kept.as_of_date and judged.horizon_days = kept.horizon_days
left join revenue
    on judged.as_of_date = revenue.as_of_date and judged.horizon_days = revenue.horizon_days
where
    judged.known_items != coalesce(kept.known_items, 0)
    or judged.known_value != coalesce(kept.known_value, 0)
    or judged.placed_value != coalesce(revenue.revenue, 0)
