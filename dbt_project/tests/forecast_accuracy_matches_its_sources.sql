-- Each forecast whose days are over is in rpt_forecast_accuracy. Known values agree with rpt_upcoming, and placed
-- values with rpt_revenue_daily for a week after the last day.

with

judged as (
    select
        as_of_date,
        horizon_days,
        currency_code,
        known_items,
        known_value,
        placed_value
    from {{ ref('rpt_forecast_accuracy') }}
),

days as (
    select
        as_of_date,
        horizon_days,
        until_date
    from {{ ref('int_forecast_ends') }}
),

newest as (
    select max(as_of_date) as as_of_date
    from {{ ref('int_upcoming_items') }}
),

said as (
    select
        as_of_date,
        horizon_days,
        sum(known_items) as known_items,
        sum(known_value) as known_value
    from judged
    group by as_of_date, horizon_days
),

kept as (
    select
        days.as_of_date,
        days.horizon_days,
        sum(upcoming.known_items) as known_items,
        sum(upcoming.known_value) as known_value
    from days
    inner join {{ ref('rpt_upcoming') }} as upcoming
        on
            days.as_of_date = upcoming.as_of_date
            and days.until_date >= upcoming.place_date
    group by days.as_of_date, days.horizon_days
),

revenue as (
    select
        day_date,
        coalesce(currency_code, '') as currency_code,
        revenue
    from {{ ref('rpt_revenue_daily') }}
),

sold as (
    select
        days.as_of_date,
        days.horizon_days,
        revenue.currency_code,
        sum(revenue.revenue) as revenue
    from days
    inner join revenue
        on days.as_of_date < revenue.day_date and days.until_date >= revenue.day_date
    group by days.as_of_date, days.horizon_days, revenue.currency_code
),

placed as (
    select
        as_of_date,
        horizon_days,
        coalesce(currency_code, '') as currency_code,
        placed_value
    from judged
),

compared as (
    select
        coalesce(placed.as_of_date, sold.as_of_date) as as_of_date,
        coalesce(placed.horizon_days, sold.horizon_days) as horizon_days,
        coalesce(placed.placed_value, 0) as found,
        coalesce(sold.revenue, 0) as expected
    from placed
    full outer join sold
        on
            placed.as_of_date = sold.as_of_date
            and placed.horizon_days = sold.horizon_days
            and placed.currency_code = sold.currency_code
)

select
    days.as_of_date,
    days.horizon_days,
    'known' as what,
    coalesce(said.known_value, 0) as found,
    coalesce(kept.known_value, 0) as expected
from days
left join said
    on days.as_of_date = said.as_of_date and days.horizon_days = said.horizon_days
left join kept
    on days.as_of_date = kept.as_of_date and days.horizon_days = kept.horizon_days
where
    coalesce(said.known_items, 0) != coalesce(kept.known_items, 0)
    or coalesce(said.known_value, 0) != coalesce(kept.known_value, 0)
union all
select
    compared.as_of_date,
    compared.horizon_days,
    'placed' as what,
    compared.found,
    compared.expected
from compared
inner join days
    on compared.as_of_date = days.as_of_date and compared.horizon_days = days.horizon_days
cross join newest
where
    days.until_date >= {{ days_later('newest.as_of_date', -7) }}
    and compared.found != compared.expected
