{#- Fails on each period that does not start where the one before it ended, and on a last period that has ended. -#}
{% test periods_are_contiguous(model) %}

with

neighbours as (
    select
        *,
        lag(ended_at) over timeline as last_ended_at,
        lead(started_at) over timeline as next_started_at,
        row_number() over timeline as place
    from {{ model }}
    window timeline as (partition by subscription_id order by started_at, period_number)
)

select *
from neighbours
where
    place != period_number
    or (place > 1 and (last_ended_at is null or last_ended_at != started_at))
    or (next_started_at is null and ended_at is not null)

{% endtest %}
