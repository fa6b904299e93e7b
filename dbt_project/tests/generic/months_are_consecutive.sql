{#-
    Fails on each missing month, on each month that does not start where the one before it ended, and on a movement
    that cannot follow the one before: a second churn, a reactivation without a churn, a reactivation as the first
    movement.
-#}
{% test months_are_consecutive(model) %}

with

neighbours as (
    select
        *,
        lag(month_date) over timeline as last_month_date,
        lag(ending_mrr) over timeline as last_ending_mrr,
        lag(movement) over timeline as last_movement,
        count(case when movement = 'new' then 1 end) over (
            partition by subscriber_id, currency_code
            order by month_date
            rows between unbounded preceding and 1 preceding
        ) as beginnings_before,
        lead(month_date) over timeline is null as is_last,
        max(month_date) over () as newest_month_date
    from {{ model }}
    window timeline as (partition by subscriber_id, currency_code order by month_date)
)

select *
from neighbours
where
    beginning_mrr != coalesce(last_ending_mrr, 0)
    or month_date != {{ months_later('last_month_date', 1) }}
    or (is_last and month_date != newest_month_date)
    or case
        when coalesce(last_movement, 'none') in ('none', 'churn', 'inactive')
            then movement not in ('inactive', case when beginnings_before = 0 then 'new' else 'reactivation' end)
        else movement not in ('expansion', 'contraction', 'unchanged', 'churn')
    end
    or (last_movement is null and movement = 'inactive' and was_subscriber)
    or was_subscriber != (beginnings_before > 0)

{% endtest %}
