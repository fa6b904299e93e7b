{#-
    Fails on each step that is not a week after the one before, has a number at risk that differs from the number left
    by the one before, or at which survival rises or does not fall with a cancellation; on curves that do not start at
    age 0, or end while subscriptions are left.
-#}
{% test curves_are_consistent(model) %}

with

neighbours as (
    select
        *,
        lag(age_days) over curve as last_age_days,
        lag(at_risk - cancelled - censored) over curve as were_left,
        lag(survival, 1, 1) over curve as last_survival,
        lead(age_days) over curve as next_age_days
    from {{ model }}
    window curve as (partition by grouped_by, cohort_quarter, product_id order by age_days)
)

select *
from neighbours
where
    age_days != coalesce(last_age_days + 7, 0)
    or at_risk != coalesce(were_left, at_risk)
    or survival > last_survival
    or (cancelled > 0) != (survival < last_survival)
    or (next_age_days is null and at_risk != cancelled + censored)

{% endtest %}
