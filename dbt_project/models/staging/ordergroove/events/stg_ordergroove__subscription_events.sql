with

parsed as (
    {{ events_of('subscription', keys=[
        'customer', 'product', 'payment', 'shipping_address', 'offer', 'session_id', 'merchant_order_id', 'external_id',
        'cancel_reason', 'components', 'extra_data', 'prepaid_subscription_context', 'quantity', 'price', 'every',
        'every_period', 'frequency_days', 'reminder_days', 'cancel_reason_code', 'live', 'start_date', 'cancelled',
        'created', 'updated'
    ]) }}
),

final as (
    select
        ---------- ids
        event_id,
        object_id as subscription_id,
        customer as customer_id,
        product as product_id,
        payment as payment_id,
        shipping_address as shipping_address_id,
        offer as offer_id,
        session_id,
        merchant_order_id,
        external_id,
        actor_id,

        ---------- text
        event_type,
        actor_type,
        source,
        nullif(cancel_reason, '') as cancel_reason,
        components,
        extra_data,
        prepaid_subscription_context,
        {{ json_text('prepaid_subscription_context', 'renewal_behavior') }} as prepaid_renewal_behavior,

        ---------- numerics
        {{ number_or_null('quantity') }} as quantity,
        {{ number_or_null('price', 'decimal(18, 2)') }} as price,
        {{ number_or_null('every') }} as every,
        {{ number_or_null('every_period') }} as every_period,
        {{ number_or_null('frequency_days') }} as frequency_days,
        {{ number_or_null('reminder_days') }} as reminder_days,
        {{ number_or_null('cancel_reason_code') }} as cancel_reason_code,
        {{ number_or_null(json_text('prepaid_subscription_context', 'prepaid_orders_per_billing')) }}
            as prepaid_orders_per_billing,
        {{ number_or_null(json_text('prepaid_subscription_context', 'prepaid_orders_remaining')) }}
            as prepaid_orders_remaining,

        ---------- booleans
        {{ boolean_or_null('live') }} as is_live,

        ---------- dates and times
        {{ date_or_null('start_date') }} as start_date,
        {{ epoch_instant('cancelled') }} as cancelled_at,
        {{ epoch_instant('created') }} as created_at,
        {{ epoch_instant('updated') }} as updated_at,
        happened_at,
        received_at,

        ---------- origin
        _built_in
    from parsed
)

select * from final
