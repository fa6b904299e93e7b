{{ config(unique_key='item_place_id') }}

with

source as (
    select * from {{ raw_rows(source('ordergroove', 'items')) }}
),

renamed as (
    select
        {{ surrogate_key(['public_id', '"order"']) }} as item_place_id,
        public_id as order_item_id,
        "order" as order_id,
        {{ store_instant('order_updated') }} as first_order_updated_at,
        {{ store_instant('order_updated') }} as last_order_updated_at,
        {{ whole_second('coalesce(_seen_at, _pulled_at)') }} as first_seen_at,
        {{ whole_second('coalesce(_seen_at, _pulled_at)') }} as last_seen_at,
        _pulled_at
    from source
),

-- An item in an order is there once for each pull that listed it, and those pulls may come in any order.
sightings as (
    {{ rows_to_reckon_with('renamed', key='item_place_id') }}
),

final as (
    select
        ---------- ids
        item_place_id,
        order_item_id,
        order_id,

        ---------- dates and times
        min(first_order_updated_at) as first_order_updated_at,
        max(last_order_updated_at) as last_order_updated_at,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at,

        ---------- origin
        max(_pulled_at) as _pulled_at,
        max(_built_in) as _built_in
    from sightings
    group by item_place_id, order_item_id, order_id
)

select * from final
