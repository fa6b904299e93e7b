{{ config(unique_key='order_id') }}

with

source as (
    select * from {{ raw_rows(source('ordergroove', 'orders')) }}
),

renamed as (
    select
        ---------- ids
        public_id as order_id,
        customer as customer_id,
        merchant as merchant_id,
        payment as payment_id,
        shipping_address as shipping_address_id,
        order_merchant_id as merchant_order_id,
        {{ json_text('extra_data', 'merged_order_id') }} as merged_into_order_id,

        ---------- text
        rejected_message,
        rejected_error_code,
        currency_code,
        extra_data,

        ---------- numerics
        status as status_code,
        type as type_code,
        tries,
        generic_error_count,
        {{ money('sub_total') }} as sub_total,
        {{ money('tax_total') }} as tax_total,
        {{ money('shipping_total') }} as shipping_total,
        {{ money('discount_total') }} as discount_total,
        {{ money('total') }} as total,

        ---------- booleans
        locked as is_locked,
        oos_free_shipping as is_oos_free_shipping,
        has_plan,

        ---------- dates and times; `place` is a day, whatever hour it shows
        cast(place as date) as place_date,
        {{ store_instant('cancelled') }} as cancelled_at,
        {{ store_instant('created') }} as created_at,
        {{ store_instant('updated') }} as updated_at,
        {{ whole_second('coalesce(_seen_at, _pulled_at)') }} as seen_at,

        ---------- origin
        _pulled_at
    from source
),

final as (
    {{ latest_versions('renamed', key='order_id', updated='updated_at') }}
)

select * from final
