with

parsed as (
    {{ events_of('item', keys=[
        'customer', 'product', 'order', 'subscription', 'offer', 'components', 'quantity', 'price', 'total_price',
        'first_placed'
    ]) }}
),

final as (
    select
        ---------- ids
        event_id,
        object_id as order_item_id,
        nullif("order", '') as order_id,
        nullif(subscription, '') as subscription_id,
        customer as customer_id,
        product as product_id,
        offer as offer_id,
        actor_id,

        ---------- text
        event_type,
        actor_type,
        source,
        components,

        ---------- numerics
        {{ number_or_null('quantity') }} as quantity,
        {{ number_or_null('price', 'decimal(18, 2)') }} as unit_price,
        {{ number_or_null('total_price', 'decimal(18, 2)') }} as total_price,

        ---------- booleans; a move to another order (`item.change_order`) is no deletion
        event_type = 'item.remove' as is_deletion,

        ---------- dates and times
        {{ epoch_instant('first_placed') }} as first_placed_at,
        happened_at,
        received_at,

        ---------- origin
        _built_in
    from parsed
)

select * from final
