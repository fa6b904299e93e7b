{{ config(materialized='incremental', meta={'follows': 'subscription_id', 'reach': 'subscription'}) }}

{#- Column, its name as an event, and the events of Ordergroove that tell of it. A reactivation sets the cadence. -#}
{%- set fields = [
    ('product_id', 'product_changed', ['subscription.sku_swap']),
    ('quantity', 'quantity_changed', ['subscription.change_quantity']),
    ('cadence', 'frequency_changed',
        ['subscription.change_frequency', 'subscription.reactivate', 'subscription.change_live']),
    ('price', 'price_changed', []),
    ('payment_id', 'payment_changed', ['subscription.change_payment']),
    ('shipping_address_id', 'address_changed', ['subscription.change_shipping_address'])
] -%}

{%- set compared = [
    'product_id', 'quantity', 'every', 'every_period', 'known_price', 'payment_id', 'shipping_address_id'
] -%}

-- What must have happened between each sighting and the one before. What an event tells of itself, or a field dates,
-- happened then. For all else there are two bounds, and the later one is when Ordergroove last changed the row.

with

-- Most sightings show what was known before.
states as (
    select * from {{ changed_only(ref('int_subscription_states'), 'subscription_id') }}
    where
        sighting_number = 1
        or is_reactivation
        or is_live is distinct from was_live
        or start_date > start_date_before
        or cancelled_at > cancelled_at_before
        {%- for column in compared %}
            or {{ column }} is distinct from {{ column }}_before
        {%- endfor %}
),

every_periods as (
    select * from {{ ref('every_periods') }}
),

described as (
    select
        states.*,
        nullif(states.known_price, -1) as price,
        nullif(states.known_price_before, -1) as price_before,
        cast(states.every as varchar) || ' '
        || coalesce(periods.label, cast(states.every_period as varchar), '') as cadence,
        cast(states.every_before as varchar) || ' '
        || coalesce(periods_before.label, cast(states.every_period_before as varchar), '') as cadence_before,
        -- A reactivation overwrites the start, which nothing else does.
        case when states.evidence != 'item' then states.start_date > states.start_date_before end as starts_later,
        {{ store_instant('cast(states.start_date as timestamp) + interval \'12 hours\'') }} as start_at,
        {{ datediff('states.before_from_at', 'states.from_at', 'second') }} > {{ var('same_act_seconds') }}
            as is_another_act,
        {{ datediff('states.cancelled_at_before', 'states.cancelled_at', 'second') }} > {{ var('same_act_seconds') }}
            as is_another_cancellation
    from states
    left join every_periods as periods
        on states.every_period = periods.every_period
    left join every_periods as periods_before
        on states.every_period_before = periods_before.every_period
),

lived as (
    select
        *,
        was_live and not is_live as has_ended,
        not was_live and is_live as has_returned,
        -- Alive before and after, and yet it has come back: nobody saw it cancelled.
        was_live and is_live and (
            coalesce(starts_later, false)
            or (is_reactivation and is_another_act and sighting_number > 1)
        ) as has_restarted,
        -- Cancelled before and after, and yet later: nobody saw it come back.
        not was_live and not is_live and coalesce(is_another_cancellation, false) as has_ended_again,
        coalesce(cancelled_at between before_from_at and greatest(from_at, until_at), false)
        and (evidence = 'webhook' or cancelled_at <= from_at) as cancellation_is_dated,
        case evidence when 'webhook' then 'webhook' when 'item' then 'field' else 'poll_diff' end as evidence_of_change,
        -- A pull that claims to be later than what it did not see yet has a wrong clock: then Ordergroove's own dates
        -- alone are a bound.
        case when body_seen_until_at <= from_at then body_seen_until_at else least(before_from_at, from_at) end
            as body_not_before_at,
        case when life_seen_until_at <= from_at then life_seen_until_at else least(before_from_at, from_at) end
            as life_not_before_at,
        -- In the hour that comes twice, the clock of the API leaves two readings.
        case when evidence = 'poll' then {{ earliest_reading('cancelled_at') }} else cancelled_at end
            as cancelled_not_before_at
    from described
),

returns as (
    select
        *,
        case when has_ended_again then cancelled_at else from_at end as returned_before_at,
        is_reactivation and not has_ended_again as return_is_told,
        coalesce(
            start_at > life_not_before_at
            and start_at < case when has_ended_again then cancelled_at else from_at end
            and (starts_later or start_date_before is null),
            false
        ) as return_is_dated
    from lived
    where has_ended or has_returned or has_restarted or has_ended_again
),

dated as (
    select
        *,
        case
            when return_is_told then until_at
            when return_is_dated then start_at
            when has_ended_again then greatest(life_not_before_at, cancelled_at - interval '1 second')
            else from_at
        end as returned_at
    from returns
),

changes as (
    select
        subscription_id,
        customer_id,
        sighting_number,
        0 as place_in_sighting,
        'created' as event_type,
        began_at as occurred_at,
        case when creation_is_told then began_at when created_at is not null then {{ earliest_reading('began_at') }} end
            as not_before_at,
        began_at as not_after_at,
        case when is_creation then 'webhook' else 'field' end as evidence,
        event_id,
        actor_type,
        source,
        null as value_before,
        null as value_after,
        began_at as before_seen_until_at,
        case
            when is_creation then began_at else greatest(began_at, coalesce(body_first_seen_at, last_seen_at))
        end as state_seen_from_at,
        last_seen_at,
        began_at,
        case when is_live is not null or life_is_told then true end as is_live,
        product_id_before as product_id,
        quantity_before as quantity,
        every_before as every,
        every_period_before as every_period,
        known_price_before as known_price
    from described
    where sighting_number = 1

    union all
    select
        subscription_id,
        customer_id,
        sighting_number,
        case when has_ended_again then 3 else 1 end as place_in_sighting,
        'cancelled' as event_type,
        case
            when has_restarted then greatest(life_not_before_at, returned_at - interval '1 second')
            when cancellation_is_dated or has_ended_again then cancelled_at
            when is_cancellation then until_at
            else from_at
        end as occurred_at,
        case
            when has_restarted then life_not_before_at
            when cancellation_is_dated or has_ended_again then cancelled_not_before_at
            when is_cancellation then until_at
            else life_not_before_at
        end as not_before_at,
        case
            when has_restarted then returned_before_at
            when cancellation_is_dated or has_ended_again then cancelled_at
            when is_cancellation then until_at
            else from_at
        end as not_after_at,
        case
            when is_cancellation then 'webhook'
            when has_restarted and starts_later then 'field'
            when not has_restarted and (cancellation_is_dated or has_ended_again) then 'field'
            else evidence_of_change
        end as evidence,
        case when is_cancellation then event_id end as event_id,
        case when is_cancellation then actor_type end as actor_type,
        null as source,
        'live' as value_before,
        'cancelled' as value_after,
        life_not_before_at as before_seen_until_at,
        null as state_seen_from_at,
        last_seen_at,
        began_at,
        false as is_live,
        null as product_id,
        null as quantity,
        null as every,
        null as every_period,
        null as known_price
    from dated
    where has_ended or has_restarted or has_ended_again

    union all
    select
        subscription_id,
        customer_id,
        sighting_number,
        2 as place_in_sighting,
        'reactivated' as event_type,
        returned_at as occurred_at,
        case when return_is_told then returned_at else life_not_before_at end as not_before_at,
        case when return_is_told then returned_at else returned_before_at end as not_after_at,
        case
            when return_is_told then 'webhook'
            when return_is_dated or starts_later or has_ended_again then 'field'
            else evidence_of_change
        end as evidence,
        case when return_is_told then event_id end as event_id,
        case when return_is_told then actor_type end as actor_type,
        null as source,
        'cancelled' as value_before,
        'live' as value_after,
        life_not_before_at as before_seen_until_at,
        null as state_seen_from_at,
        last_seen_at,
        began_at,
        true as is_live,
        null as product_id,
        null as quantity,
        null as every,
        null as every_period,
        null as known_price
    from dated
    where has_returned or has_restarted or has_ended_again

    {% for column, event_type, told_by in fields -%}
        {%- set is_told = "event_type in ('" ~ told_by | join("', '") ~ "')" -%}
        union all
        select
            subscription_id,
            customer_id,
            sighting_number,
            {{ 3 + loop.index }} as place_in_sighting,
            '{{ event_type }}' as event_type,
            case when {{ is_told }} then until_at else from_at end as occurred_at,
            case when {{ is_told }} then until_at else body_not_before_at end as not_before_at,
            case when {{ is_told }} then until_at else from_at end as not_after_at,
            evidence_of_change as evidence,
            event_id,
            actor_type,
            null as source,
            cast({{ column }}_before as varchar) as value_before,
            cast({{ column }} as varchar) as value_after,
            body_not_before_at as before_seen_until_at,
            null as state_seen_from_at,
            last_seen_at,
            began_at,
            null as is_live,
            {{ 'product_id' if column == 'product_id' else 'null' }} as product_id,
            {{ 'quantity' if column == 'quantity' else 'null' }} as quantity,
            {{ 'every' if column == 'cadence' else 'null' }} as every,
            {{ 'every_period' if column == 'cadence' else 'null' }} as every_period,
            {{ 'known_price' if column == 'price' else 'null' }} as known_price
        from lived
        where {{ column }} is distinct from {{ column }}_before
    {% endfor -%}
),

-- Nothing happens before the creation.
final as (
    select
        subscription_id,
        customer_id,
        sighting_number,
        row_number() over (
            partition by subscription_id
            order by sighting_number, place_in_sighting
        ) as change_number,
        event_type,
        greatest(occurred_at, began_at) as occurred_at,
        case when event_type = 'created' then not_before_at else greatest(not_before_at, began_at) end
            as not_before_at,
        greatest(not_after_at, began_at) as not_after_at,
        evidence,
        event_id,
        actor_type,
        source,
        value_before,
        value_after,
        before_seen_until_at,
        state_seen_from_at,
        last_seen_at,
        is_live,
        product_id,
        quantity,
        every,
        every_period,
        known_price
    from changes
)

select * from final
