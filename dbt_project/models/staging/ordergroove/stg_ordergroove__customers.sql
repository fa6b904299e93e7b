{{ config(unique_key='customer_id') }}

with

source as (
    select * from {{ raw_rows(source('ordergroove', 'customers')) }}
),

renamed as (
    select
        ---------- ids
        merchant_user_id as customer_id,
        id as internal_id,
        merchant as merchant_id,
        session_id,

        ---------- text
        user_token_id,
        first_name,
        last_name,
        email,
        phone_number,
        extra_data,
        locale,
        price_code,

        ---------- numerics
        phone_type,

        ---------- booleans
        live as is_live,

        ---------- dates and times
        {{ store_instant('created') }} as created_at,
        {{ store_instant('last_updated') }} as updated_at,
        {{ store_instant('last_login') }} as last_login_at,

        ---------- origin
        _pulled_at
    from source
),

final as (
    {{ latest_versions('renamed', key='customer_id', updated='updated_at') }}
)

select * from final
