{{ config(materialized='incremental', meta={'follows': 'subscription_id', 'reach': 'subscription'}) }}

with

changes as (
    select * from {{ changed_only(ref('int_subscription_changes'), 'subscription_id') }}
),

orders as (
    select * from {{ changed_only(ref('int_subscription_orders'), 'subscription_id') }}
),

subscriptions as (
    select * from {{ ref('int_known_subscriptions') }}
),

happenings as (
    select
        subscription_id,
        event_id,
        null as order_id,
        event_type,
        value_before,
        value_after,
        evidence,
        actor_type,
        source,
        sighting_number,
        change_number,
        occurred_at,
        not_before_at,
        not_after_at
    from changes
    union all
    select
        subscription_id,
        event_id,
        order_id,
        event_type,
        cast(place_date_before as varchar) as value_before,
        cast(place_date as varchar) as value_after,
        evidence,
        actor_type,
        null as source,
        null as sighting_number,
        null as change_number,
        occurred_at,
        not_before_at,
        not_after_at
    from orders
),

numbered as (
    select
        *,
        row_number() over (
            partition by subscription_id, event_type, occurred_at
            order by change_number, order_id, event_id
        ) as nth_at_once
    from happenings
),

final as (
    select
        ---------- ids
        {{ surrogate_key([
            'numbered.subscription_id', 'numbered.event_type', 'numbered.occurred_at', 'numbered.nth_at_once'
        ]) }} as subscription_event_id,
        numbered.subscription_id,
        subscriptions.customer_id,
        numbered.order_id,
        numbered.event_id,

        ---------- text
        numbered.event_type,
        numbered.value_before as before,
        numbered.value_after as after,
        numbered.evidence,
        case
            when numbered.not_before_at = numbered.not_after_at then 'exact'
            else 'bounded'
        end as precision,
        numbered.actor_type,
        coalesce(numbered.source, '') = 'XML IMPORT' as is_import,

        ---------- dates and times
        {{ store_date('numbered.occurred_at') }} as occurred_date,
        numbered.occurred_at,
        numbered.not_before_at,
        numbered.not_after_at
    from numbered
    left join subscriptions
        on numbered.subscription_id = subscriptions.subscription_id
)

select * from final
