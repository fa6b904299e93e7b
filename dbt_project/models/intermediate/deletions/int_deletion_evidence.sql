with

order_events as (
    select * from {{ ref('stg_ordergroove__order_events') }}
    where is_deletion and order_id is not null and happened_at is not null
),

item_events as (
    select * from {{ ref('stg_ordergroove__item_events') }}
    where is_deletion and order_item_id is not null and happened_at is not null
),

checks as (
    select * from {{ ref('stg_ordergroove__deletion_checks') }}
),

evidence as (
    select
        'order' as object_type,
        order_id as object_id,
        'webhook' as evidence,
        event_id,
        happened_at as evidence_at
    from order_events
    union all
    select
        'item' as object_type,
        order_item_id as object_id,
        'webhook' as evidence,
        event_id,
        happened_at as evidence_at
    from item_events
    union all
    select distinct
        object_type,
        object_id,
        'retrieve_404' as evidence,
        null as event_id,
        checked_at as evidence_at
    from checks
    where status_code = 404 and checked_at is not null
    union all
    -- One miss is told again by each check of the candidate.
    select distinct
        object_type,
        object_id,
        'census' as evidence,
        null as event_id,
        first_missed_at as evidence_at
    from checks
    where first_missed_at is not null
),

final as (
    select
        {{ surrogate_key(['object_type', 'object_id', 'evidence', 'event_id', 'evidence_at']) }}
            as deletion_evidence_id,
        object_type,
        object_id,
        event_id,
        evidence,
        -- An order may be placed under the cursor of a census, and is then in no list, and was not deleted.
        evidence != 'census' as is_proof,
        evidence_at
    from evidence
)

select * from final
