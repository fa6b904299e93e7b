{{ config(materialized='view') }}
-- No model reads it yet: as a view it costs nothing until somebody asks. A table once one does, as its siblings are.

with

parsed as (
    {{ events_of('subscriber', keys=[
        'merchant_user_id', 'subscription', 'subscriptions', 'session_id', 'locale', 'live', 'created', 'last_updated'
    ]) }}
),

final as (
    select
        ---------- ids
        event_id,
        coalesce(merchant_user_id, object_id) as customer_id,
        nullif(subscription, '') as subscription_id,
        session_id,
        actor_id,

        ---------- text; `subscription_ids` is a JSON array
        event_type,
        actor_type,
        source,
        subscriptions as subscription_ids,

        ---------- numerics
        {{ number_or_null('locale') }} as locale_code,

        ---------- booleans
        {{ boolean_or_null('live') }} as is_live,

        ---------- dates and times
        {{ epoch_instant('created') }} as created_at,
        {{ epoch_instant('last_updated') }} as updated_at,
        happened_at,
        received_at,

        ---------- origin
        _built_in
    from parsed
)

select * from final
