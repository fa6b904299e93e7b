{%- set is_day_after = var('churn_date_rule') == 'day_after' -%}

-- When members of cohorts came to be live, and when they were no longer, by the states at the ends of days.

with

members as (
    select * from {{ ref('int_cohort_members') }}
),

periods as (
    select
        subscription_id,
        is_live,
        started_at,
        lag(is_live) over (partition by subscription_id order by period_number) as was_live
    from {{ ref('int_subscription_periods') }}
),

turns as (
    select
        members.member_id,
        members.cohort_month,
        members.started_date,
        members.months_lived,
        members.known_until_date,
        case
            when periods.is_live then {{ store_date('periods.started_at') }}
            else {{ days_later(store_date('periods.started_at'), 1 if is_day_after else 0) }}
        end as turned_date,
        case when periods.is_live then 1 else -1 end as change
    from periods
    inner join members
        on periods.subscription_id = members.subscription_id
    where periods.is_live != coalesce(periods.was_live, false)
),

by_day as (
    select
        member_id,
        cohort_month,
        started_date,
        months_lived,
        turned_date,
        sum(change) as change
    from turns
    where turned_date <= known_until_date
    group by member_id, cohort_month, started_date, months_lived, turned_date
),

-- Who has several subscriptions is live until the last has ended.
counted as (
    select
        *,
        sum(change) over (
            partition by member_id
            order by turned_date
            rows between unbounded preceding and current row
        ) > 0 as is_live
    from by_day
),

compared as (
    select
        *,
        coalesce(lag(is_live) over (partition by member_id order by turned_date), false) as was_live
    from counted
),

final as (
    select
        member_id,
        cohort_month,
        months_lived,
        turned_date,
        {{ months_of_age('started_date', 'turned_date') }} as age,
        case when is_live then 1 else -1 end as change
    from compared
    where is_live != was_live
)

select * from final
