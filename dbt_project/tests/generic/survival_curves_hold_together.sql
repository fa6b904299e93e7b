{#-
    Fails on each step that does not follow the one a week before, at which another number is at risk than was left there, or
    at which survival rises or a cancellation leaves it as it was; and on curves that do not begin at age 0 or end before
    nobody is left.
-#}
{% test survival_curves_hold_together(model) %}

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
