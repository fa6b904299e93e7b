with

products as (
    select * from {{ ref('stg_ordergroove__products') }}
),

every_periods as (
    select * from {{ ref('every_periods') }}
),

final as (
    select
        ---------- ids
        products.product_id,
        products.sku,
        products.offer_profile_id,
        products.incentive_group,

        ---------- text
        products.product_name,
        products.product_type,
        every_periods.label as default_every_period,
        products.detail_url,
        products.image_url,

        ---------- numerics
        products.every as default_every,
        products.list_price,

        ---------- booleans
        products.is_live,
        products.is_discontinued,
        products.is_autoship_enabled,
        products.is_autoship_by_default,
        products.is_prepaid_eligible,

        ---------- dates and times
        products.created_at,
        products.updated_at
    from products
    left join every_periods
        on products.every_period = every_periods.every_period
)

select * from final
