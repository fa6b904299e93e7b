{#-
    Fails on each row whose cumulative revenue is not the sum of its cohort's rows up to it, or whose age does not
    follow the one before.
-#}
{% test revenue_is_cumulative(model) %}

with

neighbours as (
    select
        *,
        sum(revenue) over ages as cumulative_revenue,
        lag(age) over ages as last_age,
        lag(retained) over ages as last_retained
    from {{ model }}
    window ages as (
        partition by cohort_month, age_unit
        order by age
        rows between unbounded preceding and current row
    )
)

select *
from neighbours
where
    abs(cumulative_revenue_per_subscriber - cumulative_revenue / cohort_size) > 0.006
    or age != coalesce(last_age + 1, case age_unit when 'order' then 1 else 0 end)
    -- A subscriber reaches an order only after the one before.
    or (age_unit = 'order' and retained > coalesce(last_retained, cohort_size))

{% endtest %}
