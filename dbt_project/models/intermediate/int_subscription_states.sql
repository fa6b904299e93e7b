{{ config(materialized='incremental', meta={'follows': 'subscription_id', 'reach': 'subscription'}) }}

{%- set begun = ['product_id', 'quantity', 'every', 'every_period', 'payment_id', 'shipping_address_id'] -%}
{%- set kept = begun + ['start_date', 'prepaid_renewal_behavior'] -%}

-- Each sighting with the whole state as it was known then, and with the state that was known before it.

with

sightings as (
    select
        *,
        -- An absent price is a value too. No price is negative.
        case when knows_body then coalesce(price, -1) end as known_price
    from {{ changed_only(ref('int_subscription_sightings'), 'subscription_id') }}
),

remembering as (
    select
        *,
        lag(from_at) over timeline as before_from_at,
        lag(evidence) over timeline as before_evidence,
        {{ last_known('is_live') }} over earlier as was_live,
        {{ last_known('case when is_live is not null then until_at end') }} over earlier as life_seen_until_at,
        {{ last_known('case when knows_body or evidence = \'item\' then until_at end') }} over earlier
            as body_seen_until_at,
        {{ last_known('known_price') }} over earlier as known_price_before,
        {% for column in kept -%}
            {{ last_known(column) }} over earlier as {{ column }}_before,
        {% endfor -%}
        {{ last_known('cancelled_at') }} over earlier as cancelled_at_before
    from sightings
    window
        timeline as (partition by subscription_id order by sighting_number),
        earlier as (
            partition by subscription_id
            order by sighting_number
            rows between unbounded preceding and 1 preceding
        )
),

-- It begins alive, with what was known of it first.
beginnings as (
    select
        subscription_id,
        min(case when knows_body then from_at end) as body_first_seen_at,
        max(until_at) as last_seen_at,
        max(case when is_live is not null then 1 else 0 end) = 1 as life_is_told,
        {% for column in begun -%}
            {{ newest_known(column, by='-sighting_number') }} as {{ column }},
        {% endfor -%}
        {{ newest_known('known_price', by='-sighting_number') }} as known_price
    from sightings
    group by subscription_id
),

final as (
    select
        remembering.subscription_id,
        remembering.customer_id,
        remembering.sighting_number,
        remembering.evidence,
        remembering.event_id,
        remembering.event_type,
        remembering.actor_type,
        remembering.source,
        remembering.is_creation,
        remembering.is_cancellation,
        remembering.is_reactivation,
        remembering.creation_is_told,
        remembering.created_at,
        remembering.began_at,
        remembering.from_at,
        remembering.until_at,
        beginnings.body_first_seen_at,
        beginnings.last_seen_at,
        beginnings.life_is_told,
        coalesce(remembering.before_from_at, remembering.began_at) as before_from_at,
        remembering.before_evidence,
        coalesce(remembering.life_seen_until_at, remembering.began_at) as life_seen_until_at,
        coalesce(remembering.body_seen_until_at, remembering.began_at) as body_seen_until_at,
        coalesce(remembering.is_live, remembering.was_live) as is_live,
        coalesce(remembering.was_live, remembering.is_live is not null) as was_live,
        remembering.cancelled_at,
        remembering.cancelled_at_before,
        remembering.cancel_reason,
        remembering.cancel_reason_code,
        remembering.prepaid_orders_remaining,
        remembering.prepaid_renewal_behavior,
        remembering.prepaid_renewal_behavior_before,
        remembering.start_date,
        remembering.start_date_before,
        {% for column in begun -%}
            coalesce(remembering.{{ column }}, remembering.{{ column }}_before, beginnings.{{ column }})
                as {{ column }},
            coalesce(remembering.{{ column }}_before, beginnings.{{ column }}) as {{ column }}_before,
        {% endfor -%}
        coalesce(remembering.known_price, remembering.known_price_before, beginnings.known_price) as known_price,
        coalesce(remembering.known_price_before, beginnings.known_price) as known_price_before
    from remembering
    inner join beginnings
        on remembering.subscription_id = beginnings.subscription_id
)

select * from final
