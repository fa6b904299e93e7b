{{ config(unique_key='payment_id') }}

with

source as (
    select * from {{ raw_rows(source('ordergroove', 'payments')) }}
),

renamed as (
    select
        ---------- ids
        public_id as payment_id,
        customer as customer_id,
        billing_address as billing_address_id,

        ---------- text
        payment_method,

        ---------- numerics
        cc_type as card_type_code,

        ---------- booleans
        live as is_live,

        ---------- dates and times
        {{ store_instant('created') }} as created_at,
        {{ store_instant('last_updated') }} as updated_at,

        ---------- origin
        _pulled_at
    from source
),

final as (
    {{ latest_versions('renamed', key='payment_id', updated='updated_at') }}
)

select * from final
