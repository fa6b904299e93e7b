{{ config(unique_key='product_id') }}

with

source as (
    select * from {{ raw_rows(source('ordergroove', 'products')) }}
),

renamed as (
    select
        ---------- ids
        external_product_id as product_id,
        merchant as merchant_id,
        sku,
        offer_profile as offer_profile_id,
        incentive_group,

        ---------- text
        name as product_name,
        product_type,
        groups as product_groups,
        image_url,
        detail_url,
        extra_data,

        ---------- numerics
        {{ money('price') }} as list_price,
        every,
        every_period,

        ---------- booleans
        live as is_live,
        discontinued as is_discontinued,
        autoship_enabled as is_autoship_enabled,
        autoship_by_default as is_autoship_by_default,
        prepaid_eligible as is_prepaid_eligible,

        ---------- dates and times
        {{ store_instant('created') }} as created_at,
        {{ store_instant('last_update') }} as updated_at,

        ---------- origin
        _pulled_at
    from source
),

final as (
    {{ latest_versions('renamed', key='product_id', updated='updated_at') }}
)

select * from final
