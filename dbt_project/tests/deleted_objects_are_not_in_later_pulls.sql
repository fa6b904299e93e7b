-- No deletion stands for an order or item that a later pull shows. A failure is a fault of the models.

with

standing as (
    select * from {{ ref('fct_deletions') }}
    where undeleted_at is null
),

shown as (
    select
        'order' as object_type,
        order_id as object_id,
        seen_at
    from {{ ref('stg_ordergroove__orders') }}
    union all
    select
        'item' as object_type,
        order_item_id as object_id,
        last_seen_at as seen_at
    from {{ ref('stg_ordergroove__item_places') }}
)

select
    standing.object_type,
    standing.object_id,
    standing.deleted_at,
    shown.seen_at
from standing
inner join shown
    on
        standing.object_type = shown.object_type
        and standing.object_id = shown.object_id
where shown.seen_at > standing.deleted_at
