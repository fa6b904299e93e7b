{{ config(unique_key='address_id') }}

with

source as (
    select * from {{ raw_rows(source('ordergroove', 'addresses')) }}
),

renamed as (
    select
        ---------- ids
        public_id as address_id,
        customer as customer_id,
        store_public_id as store_id,

        ---------- text
        label,
        first_name,
        last_name,
        company_name,
        address,
        address2,
        city,
        state_province_code,
        zip_postal_code,
        country_code,
        phone,
        fax,
        price_code,

        ---------- booleans
        live as is_live,

        ---------- dates and times
        {{ store_instant('created') }} as created_at,
        {{ store_instant('updated') }} as updated_at,

        ---------- origin
        _pulled_at
    from source
),

final as (
    {{ latest_versions('renamed', key='address_id', updated='updated_at') }}
)

select * from final
