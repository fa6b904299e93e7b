-- The forecasts whose days are over, and the first as-of day that knows how they ended.

with

days as (
    select distinct as_of_date
    from {{ ref('int_upcoming_items') }}
),

-- Of a day whose build broke before its forecast was written, only what was known is there.
forecast_days as (
    select
        as_of_date,
        max(forecast_days) as forecast_days
    from {{ ref('rpt_upcoming') }}
    group by as_of_date
),

horizons as (
    {{ one_row_each('horizon_days', var('forecast_horizons')) }}
),

ends as (
    select
        forecast_days.as_of_date,
        horizons.horizon_days,
        {{ days_later('forecast_days.as_of_date', 'horizons.horizon_days') }} as until_date
    from forecast_days
    inner join horizons
        -- No day is judged by more days than it said anything of. Those that do not tell were written with ninety.
        on horizons.horizon_days <= coalesce(forecast_days.forecast_days, 90)
),

final as (
    select
        ends.as_of_date,
        ends.horizon_days,
        ends.until_date,
        min(days.as_of_date) as seen_date
    from ends
    inner join days
        on ends.until_date < days.as_of_date
    group by ends.as_of_date, ends.horizon_days, ends.until_date
)

select * from final
