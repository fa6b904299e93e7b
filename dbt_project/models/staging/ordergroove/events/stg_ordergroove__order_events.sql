with

parsed as (
    {{ events_of('order', keys=[
        'customer', 'payment', 'shipping_address', 'order_merchant_id', 'extra_data', 'rejected_message', 'status', 'tries',
        'generic_error_count', 'sub_total', 'tax_total', 'shipping_total', 'discount_total', 'total', 'place',
        'cancelled', 'created'
    ]) }}
),

final as (
    select
        ---------- ids
        event_id,
        object_id as order_id,
        customer as customer_id,
        payment as payment_id,
        shipping_address as shipping_address_id,
        order_merchant_id as merchant_order_id,
        {{ json_text('extra_data', 'merged_order_id') }} as merged_into_order_id,
        actor_id,

        ---------- text
        event_type,
        actor_type,
        source,
        rejected_message,

        ---------- numerics
        {{ number_or_null('status') }} as status_code,
        {{ number_or_null('tries') }} as tries,
        {{ number_or_null('generic_error_count') }} as generic_error_count,
        {{ number_or_null('sub_total', 'decimal(18, 2)') }} as sub_total,
        {{ number_or_null('tax_total', 'decimal(18, 2)') }} as tax_total,
        {{ number_or_null('shipping_total', 'decimal(18, 2)') }} as shipping_total,
        {{ number_or_null('discount_total', 'decimal(18, 2)') }} as discount_total,
        {{ number_or_null('total', 'decimal(18, 2)') }} as total,

        ---------- booleans
        event_type = 'order.delete' as is_deletion,

        ---------- dates and times
        {{ date_or_null('place') }} as place_date,
        {{ epoch_instant('cancelled') }} as cancelled_at,
        {{ epoch_instant('created') }} as created_at,
        happened_at,
        received_at,

        ---------- origin
        _built_in
    from parsed
)

select * from final
