{{ config(unique_key='order_item_id') }}

with

source as (
    select * from {{ raw_rows(source('ordergroove', 'items')) }}
),

renamed as (
    select
        ---------- ids
        public_id as order_item_id,
        "order" as order_id,
        subscription as subscription_id,
        subscription_component as subscription_component_id,
        product as product_id,
        offer as offer_id,

        ---------- text
        components,

        ---------- numerics
        quantity,
        {{ money('price') }} as unit_price,
        {{ money('extra_cost') }} as extra_cost,
        {{ money('total_price') }} as total_price,

        ---------- booleans
        one_time as is_one_time,
        frozen as is_frozen,

        ---------- dates and times
        {{ store_instant('first_placed') }} as first_placed_at,
        {{ store_instant('order_updated') }} as order_updated_at,
        {{ whole_second('coalesce(_seen_at, _pulled_at)') }} as seen_at,

        ---------- origin
        _pulled_at
    from source
),

final as (
    {{ latest_versions('renamed', key='order_item_id', updated='order_updated_at') }}
)

select * from final
