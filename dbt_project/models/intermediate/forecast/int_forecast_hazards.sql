{#- With fewer at risk than that, one cancellation more or less would be a trend. -#}
{%- set enough = 30 -%}

-- How fast subscriptions are lost at each age, by product: by the product's own survival curve while enough of its
-- subscriptions are at risk, beyond that by the curve over all, and beyond that at the mean rate of all. Sums of
-- hazards (Nelson and Aalen) and not survival, because what counts is what is lost from one age to another.

with

weeks as (
    select
        product_id,
        cast(age_days / 7 as bigint) as week,
        cancelled,
        -- Who was censored within a week was there for half of it.
        at_risk - censored / 2.0 as at_risk
    from {{ ref('rpt_survival') }}
    where grouped_by = 'product'
),

weeks_of_all as (
    select
        week,
        sum(cancelled) as cancelled,
        sum(at_risk) as at_risk
    from weeks
    group by week
),

mean_of_all as (
    select coalesce(sum(cancelled) / nullif(cast(sum(at_risk) as double), 0), 0) as hazard
    from weeks
),

-- A product without a curve has that of all.
products as (
    select product_id from weeks
    union distinct
    select null as product_id
),

-- The oldest subscription may live on as long as one looks ahead.
oldest as (
    select
        coalesce(max({{ datediff('started_date', 'known_until_date', 'day') }}), 0) / 7
        + {{ var('forecast_days') }} / 7 + 2 as weeks
    from {{ ref('int_subscription_lives') }}
),

aging as (
    select
        products.product_id,
        oldest.weeks
    from products
    cross join oldest
),

ages as (
    {{ counted_up('aging', upto='weeks') }}
),

rates as (
    select
        ages.product_id,
        ages.number as week,
        case
            when weeks.at_risk >= {{ enough }} then weeks.cancelled / cast(weeks.at_risk as double)
            when weeks_of_all.at_risk >= {{ enough }} then weeks_of_all.cancelled / cast(weeks_of_all.at_risk as double)
            else mean_of_all.hazard
        end as hazard,
        case
            when weeks.at_risk >= {{ enough }} then weeks.at_risk
            when weeks_of_all.at_risk >= {{ enough }} then weeks_of_all.at_risk
            else {{ enough }}
        end as at_risk
    from ages
    cross join mean_of_all
    left join weeks
        on ages.product_id = weeks.product_id and ages.number = weeks.week
    left join weeks_of_all
        on ages.number = weeks_of_all.week
),

final as (
    select
        product_id,
        week,
        hazard,
        sum(hazard) over so_far as cumulative_hazard,
        sum(hazard / at_risk) over so_far as variance
    from rates
    window so_far as (
        partition by product_id
        order by week
        rows between unbounded preceding and current row
    )
)

select * from final
