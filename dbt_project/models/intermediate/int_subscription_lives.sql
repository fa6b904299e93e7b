{%- set is_day_after = var('churn_date_rule') == 'day_after' -%}

-- Each subscription from its beginning to its end, as far as it is known: until the last day that is over. What is told
-- of later days is left out: all others would count as known for a shorter time.

with

periods as (
    select * from {{ ref('int_subscription_periods') }}
),

cancellations as (
    select
        *,
        {{ days_later(store_date('occurred_at'), 1 if is_day_after else 0) }} as counted_date,
        {{ store_date('next_reactivated_at') }} as reactivated_date
    from {{ ref('int_customer_changes') }}
    where event_type = 'cancelled'
),

imports as (
    select distinct subscription_id
    from {{ ref('int_subscription_changes') }}
    where source = 'XML IMPORT'
),

as_of as (
    select * from {{ ref('int_as_of') }}
),

-- A store that was never pulled is known until its newest event.
seen as (
    select max({{ store_date('seen_until_at') }}) as seen_until_date
    from periods
),

known as (
    select {{ days_later('coalesce(as_of.as_of_date, seen.seen_until_date)', -1) }} as known_until_date
    from seen
    cross join as_of
),

begun as (
    select
        periods.subscription_id,
        periods.product_id,
        coalesce(periods.customer_id, periods.subscription_id) as subscriber_id,
        {{ store_date('periods.started_at') }} as started_date,
        known.known_until_date
    from periods
    cross join known
    where periods.period_number = 1
),

ended as (
    select
        cancellations.subscription_id,
        min(cancellations.counted_date) as ended_date
    from cancellations
    cross join known
    where
        cancellations.counted_date <= known.known_until_date
        and (
            '{{ var("survival_until") }}' = 'first_cancellation'
            or coalesce(cancellations.reactivated_date > known.known_until_date, true)
        )
    group by cancellations.subscription_id
),

final as (
    select
        begun.subscription_id,
        begun.subscriber_id,
        begun.product_id,
        imports.subscription_id is not null as is_imported,
        begun.started_date,
        ended.ended_date,
        begun.known_until_date,
        {{ datediff('begun.started_date', 'coalesce(ended.ended_date, begun.known_until_date)', 'day') }} as days_lived
    from begun
    left join ended
        on begun.subscription_id = ended.subscription_id
    left join imports
        on begun.subscription_id = imports.subscription_id
    where begun.started_date <= begun.known_until_date
)

select * from final
