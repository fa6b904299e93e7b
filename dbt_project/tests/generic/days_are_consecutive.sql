{#- Fails on each missing day, and on each day that does not start with the numbers at which the day before ended. -#}
{% test days_are_consecutive(model) %}

with

neighbours as (
    select
        *,
        lag(day_date) over timeline as last_day_date,
        coalesce(lag(live_end) over timeline, 0) as last_live_end,
        coalesce(lag(subscribers_live_end) over timeline, 0) as last_subscribers_live_end
    from {{ model }}
    window timeline as (order by day_date)
)

select *
from neighbours
where
    live_start != last_live_end
    or subscribers_live_start != last_subscribers_live_end
    or day_date != {{ days_later('last_day_date', 1) }}

{% endtest %}
