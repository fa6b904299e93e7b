-- Of a forecast that was judged: what was known is what is kept of that day, and what was placed is the revenue of its
-- days in each currency. Revenue may be corrected after a forecast was judged last, so the newest are asked only.

with

judged as (
    select
        as_of_date,
        horizon_days,
        {{ days_later('as_of_date', 'horizon_days') }} as until_date,
        currency_code,
        known_items,
        known_value,
        placed_value
    from {{ ref('rpt_forecast_accuracy') }}
),

days as (
    select distinct
        as_of_date,
        horizon_days,
        until_date
    from judged
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
            and days.as_of_date < upcoming.place_date
            and days.until_date >= upcoming.place_date
    group by days.as_of_date, days.horizon_days
),

revenue as (
    select
        days.day_date,
        coalesce(days.currency_code, only_currency.only_currency_code, '') as currency_code,
        days.revenue
    from {{ ref('rpt_revenue_daily') }} as days
    cross join {{ ref('int_only_currency') }} as only_currency
),

sold as (
    select
        days.as_of_date,
        days.horizon_days,
        days.until_date,
        revenue.currency_code,
        sum(revenue.revenue) as revenue
    from days
    inner join revenue
        on days.as_of_date < revenue.day_date and days.until_date >= revenue.day_date
    group by days.as_of_date, days.horizon_days, days.until_date, revenue.currency_code
),

placed as (
    select
        as_of_date,
        horizon_days,
        until_date,
        coalesce(currency_code, '') as currency_code,
        placed_value
    from judged
)

select
    said.as_of_date,
    said.horizon_days,
    'known' as what,
    said.known_value as found,
    kept.known_value as expected
from said
left join kept
    on said.as_of_date = kept.as_of_date and said.horizon_days = kept.horizon_days
where said.known_items != coalesce(kept.known_items, 0) or said.known_value != coalesce(kept.known_value, 0)
union all
select
    coalesce(placed.as_of_date, sold.as_of_date) as as_of_date,
    coalesce(placed.horizon_days, sold.horizon_days) as horizon_days,
    'placed' as what,
    placed.placed_value as found,
    sold.revenue as expected
from placed
full outer join sold
    on
        placed.as_of_date = sold.as_of_date
        and placed.horizon_days = sold.horizon_days
        and placed.currency_code = sold.currency_code
cross join newest
where
    coalesce(placed.until_date, sold.until_date) >= {{ days_later('newest.as_of_date', -7) }}
    and coalesce(placed.placed_value, 0) != coalesce(sold.revenue, 0)
