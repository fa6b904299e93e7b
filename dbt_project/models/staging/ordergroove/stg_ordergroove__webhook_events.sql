{{ config(unique_key='event_id') }}

with

source as (
    select * from {{ raw_rows(source('ordergroove', 'webhook_events')) }}
),

renamed as (
    select
        ---------- ids
        event_id,
        object_id,
        merchant as merchant_id,
        actor_id,

        ---------- text
        type as event_type,
        object_type,
        actor_type,
        source,
        object,
        snapshot,
        extra,

        ---------- dates and times
        created as created_at,
        received_at,

        ---------- origin
        dump,
        position,
        dump_sha256,
        key as key_fingerprint,
        _taken_in_at
    from source
    -- What has no id cannot be told from its own copy. (Such an event is no event, and should never have landed.)
    where event_id is not null
),

final as (
    {{ first_deliveries('renamed', key='event_id') }}
)

select * from final
