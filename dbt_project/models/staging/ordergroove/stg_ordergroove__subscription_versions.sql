{{ config(unique_key='subscription_version_id') }}

with

source as (
    select * from {{ raw_rows(source('ordergroove', 'subscriptions')) }}
),

-- Narrow: history is read with window functions over all of it.
renamed as (
    select
        ---------- ids
        {{ surrogate_key(['public_id', store_instant('updated')]) }} as subscription_version_id,
        public_id as subscription_id,
        customer as customer_id,
        product as product_id,
        payment as payment_id,
        shipping_address as shipping_address_id,

        ---------- text
        cancel_reason,
        {{ json_text('prepaid_subscription_context', 'renewal_behavior') }} as prepaid_renewal_behavior,

        ---------- numerics
        quantity,
        {{ money('price') }} as price,
        every,
        every_period,
        cancel_reason_code,
        {{ number_or_null(json_text('prepaid_subscription_context', 'prepaid_orders_remaining')) }}
            as prepaid_orders_remaining,

        ---------- booleans
        live as is_live,

        ---------- dates and times
        start_date,
        {{ store_instant('cancelled') }} as cancelled_at,
        {{ store_instant('created') }} as created_at,
        {{ store_instant('updated') }} as updated_at,

        ---------- origin; when Ordergroove showed it by its own clock, which old files do not tell
        coalesce(_seen_at, _pulled_at) as first_seen_at,
        coalesce(_seen_at, _pulled_at) as last_seen_at
    from source
),

final as (
    {{ every_version('renamed', key='subscription_version_id') }}
)

select * from final
