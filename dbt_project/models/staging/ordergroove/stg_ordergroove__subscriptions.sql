{{ config(unique_key='subscription_id') }}

with

source as (
    select * from {{ raw_rows(source('ordergroove', 'subscriptions')) }}
),

renamed as (
    select
        ---------- ids
        public_id as subscription_id,
        customer as customer_id,
        merchant as merchant_id,
        product as product_id,
        payment as payment_id,
        shipping_address as shipping_address_id,
        offer as offer_id,
        session_id,
        merchant_order_id,
        external_id,

        ---------- text
        subscription_type,
        raw_subscription_type,
        cancel_reason,
        currency_code,
        components,
        extra_data,
        grantees,
        queued_actions,
        prepaid_subscription_context,
        {{ json_text('prepaid_subscription_context', 'renewal_behavior') }} as prepaid_renewal_behavior,
        free_trial_subscription_context,

        ---------- numerics
        quantity,
        {{ money('price') }} as price,
        every,
        every_period,
        frequency_days,
        reminder_days,
        cancel_reason_code,
        {{ number_or_null(json_text('prepaid_subscription_context', 'prepaid_orders_per_billing')) }}
            as prepaid_orders_per_billing,
        {{ number_or_null(json_text('prepaid_subscription_context', 'prepaid_orders_remaining')) }}
            as prepaid_orders_remaining,

        ---------- booleans
        live as is_live,

        ---------- dates and times
        start_date,
        {{ store_instant('cancelled') }} as cancelled_at,
        {{ store_instant('created') }} as created_at,
        {{ store_instant('updated') }} as updated_at,
        {{ whole_second('coalesce(_seen_at, _pulled_at)') }} as seen_at,

        ---------- origin
        _pulled_at
    from source
),

final as (
    {{ latest_versions('renamed', key='subscription_id', updated='updated_at') }}
)

select * from final
