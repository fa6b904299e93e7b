{#- Of the normal distribution, 2.5 % are beyond it on either side. -#}
{%- set z = 1.959963984540054 -%}

with

lives as (
    select * from {{ ref('int_subscription_lives') }}
    where not is_imported or {{ var('cohorts_hold_imports') }}
),

grouped as (
    select
        'cohort_quarter' as grouped_by,
        {{ quarter_of('started_date') }} as cohort_quarter,
        null as product_id,
        days_lived,
        ended_date
    from lives
    union all
    select
        'product' as grouped_by,
        null as cohort_quarter,
        product_id,
        days_lived,
        ended_date
    from lives
),

by_day as (
    select
        grouped_by,
        cohort_quarter,
        product_id,
        days_lived,
        -- The week that ends with this day of age. Day 0 is a step of its own.
        cast(ceil(days_lived / 7.0) as bigint) as week,
        count(ended_date) as cancelled,
        count(*) - count(ended_date) as censored
    from grouped
    group by grouped_by, cohort_quarter, product_id, days_lived
),

-- Who was censored on a day was at risk on it: the state is that at its end.
at_risk_by_day as (
    select
        *,
        sum(cancelled + censored) over (
            partition by grouped_by, cohort_quarter, product_id
            order by days_lived desc
            rows between unbounded preceding and current row
        ) as at_risk
    from by_day
),

-- Kaplan and Meier's product as a sum of logarithms, and Greenwood's sum. After the last one at risk was cancelled,
-- there is neither: survival is 0.
estimated as (
    select
        *,
        sum(case when at_risk > cancelled then ln(1 - cancelled / cast(at_risk as double)) end) over so_far
            as log_survival,
        sum(case when at_risk > cancelled then cancelled / (cast(at_risk as double) * (at_risk - cancelled)) end)
            over so_far as greenwood,
        max(case when at_risk = cancelled then 1 else 0 end) over so_far as nobody_is_left
    from at_risk_by_day
    window so_far as (
        partition by grouped_by, cohort_quarter, product_id
        order by days_lived
        rows between unbounded preceding and current row
    )
),

-- Both sums only fall or rise, so the last of a week is the least or greatest.
by_week as (
    select
        grouped_by,
        cohort_quarter,
        product_id,
        week,
        sum(cancelled) as cancelled,
        sum(censored) as censored,
        min(log_survival) as log_survival,
        max(greenwood) as greenwood,
        max(nobody_is_left) as nobody_is_left
    from estimated
    group by grouped_by, cohort_quarter, product_id, week
),

curves as (
    select
        grouped_by,
        cohort_quarter,
        product_id,
        sum(cancelled + censored) as subscriptions,
        max(week) as weeks
    from by_week
    group by grouped_by, cohort_quarter, product_id
),

-- In most weeks of a small group nothing happens; the curve goes on level.
steps as (
    {{ counted_up('curves', 'weeks') }}
),

filled as (
    select
        steps.grouped_by,
        steps.cohort_quarter,
        steps.product_id,
        steps.number * 7 as age_days,
        coalesce(by_week.cancelled, 0) as cancelled,
        coalesce(by_week.censored, 0) as censored,
        steps.subscriptions - coalesce(
            sum(by_week.cancelled + by_week.censored) over (
                so_far rows between unbounded preceding and 1 preceding
            ),
            0
        ) as at_risk,
        coalesce(min(by_week.log_survival) over so_far, 0) as log_survival,
        coalesce(max(by_week.greenwood) over so_far, 0) as greenwood,
        coalesce(max(by_week.nobody_is_left) over so_far, 0) as nobody_is_left
    from steps
    left join by_week
        on
            steps.grouped_by = by_week.grouped_by
            and steps.cohort_quarter is not distinct from by_week.cohort_quarter
            and steps.product_id is not distinct from by_week.product_id
            and steps.number = by_week.week
    window so_far as (
        partition by steps.grouped_by, steps.cohort_quarter, steps.product_id
        order by steps.number
    )
),

-- How far log(-log(survival)) may be off, to either side.
widened as (
    select
        *,
        case
            when nobody_is_left = 1 then 0
            else exp(log_survival)
        end as survival,
        {{ z }} * sqrt(greenwood) / nullif(abs(log_survival), 0) as width
    from filled
),

final as (
    select
        ---------- ids
        {{ surrogate_key(['grouped_by', 'cohort_quarter', 'product_id', 'age_days']) }} as survival_id,
        product_id,

        ---------- text
        grouped_by,

        ---------- numerics
        age_days,
        cast(at_risk as bigint) as at_risk,
        cast(cancelled as bigint) as cancelled,
        cast(censored as bigint) as censored,
        -- Twelve digits: beyond them engines differ.
        round(survival, 12) as survival,
        case
            when nobody_is_left = 1 then 0
            when log_survival = 0 then 1
            else round(exp(log_survival * exp(width)), 12)
        end as lower,
        case
            when nobody_is_left = 1 then 0
            when log_survival = 0 then 1
            else round(exp(log_survival * exp(-width)), 12)
        end as upper,

        ---------- dates and times
        cohort_quarter
    from widened
)

select * from final
