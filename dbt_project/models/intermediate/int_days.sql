-- Webhooks may tell of days after the newest pull.

with

periods as (
    select * from {{ ref('fct_subscription_periods') }}
),

as_of as (
    select * from {{ ref('int_as_of') }}
),

known as (
    select
        min(started_date) as first_date,
        max(started_date) as newest_date
    from periods
),

bounds as (
    select
        known.first_date,
        greatest(coalesce(as_of.as_of_date, known.newest_date), known.newest_date) as last_date
    from known
    cross join as_of
),

days as (
    {{ every_day('bounds', first='first_date', last='last_date') }}
),

final as (
    select
        days.day,
        {{ month_of('days.day') }} as month_date,
        days.day < bounds.last_date as is_complete,
        {{ month_of('days.day') }} < {{ month_of('bounds.last_date') }} as month_is_complete
    from days
    cross join bounds
)

select * from final
