{#- Fails on each day that does not begin with what was live at the end of the day before, and on each missing one. -#}
{% test days_follow_each_other(model) %}

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
