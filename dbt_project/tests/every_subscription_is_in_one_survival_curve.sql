-- Each subscription is in one curve of each kind in rpt_survival, and so is each cancellation that counts.

with

known as (
    select max(known_until_date) as known_until_date
    from {{ ref('int_subscription_lives') }}
),

begun as (
    select periods.subscription_id
    from {{ ref('fct_subscription_periods') }} as periods
    inner join {{ ref('dim_subscriptions') }} as subscriptions
        on periods.subscription_id = subscriptions.subscription_id
    inner join known
        on periods.started_date <= known.known_until_date
    where
        periods.period_number = 1
        and (subscriptions.origin != 'import' or {{ var('cohorts_hold_imports') }})
),

ended as (
    select distinct churn.subscription_id
    from {{ ref('fct_churn') }} as churn
    cross join known
    where
        churn.churn_date <= known.known_until_date
        and (
            '{{ var("survival_until") }}' = 'first_cancellation'
            or coalesce({{ store_date('churn.reactivated_at') }} > known.known_until_date, true)
        )
),

expected as (
    select
        count(*) as subscriptions,
        count(ended.subscription_id) as cancelled
    from begun
    left join ended
        on begun.subscription_id = ended.subscription_id
),

kinds as (
    select 'cohort_quarter' as grouped_by
    union all
    select 'product' as grouped_by
),

curves as (
    select
        grouped_by,
        sum(cancelled + censored) as subscriptions,
        sum(cancelled) as cancelled
    from {{ ref('rpt_survival') }}
    group by grouped_by
)

select
    kinds.grouped_by,
    expected.subscriptions,
    curves.subscriptions as subscriptions_in_curves,
    expected.cancelled,
    curves.cancelled as cancelled_in_curves
from expected
cross join kinds
left join curves
    on kinds.grouped_by = curves.grouped_by
where
    coalesce(curves.subscriptions, 0) != expected.subscriptions
    or coalesce(curves.cancelled, 0) != expected.cancelled
