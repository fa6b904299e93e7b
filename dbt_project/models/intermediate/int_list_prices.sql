{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key='product_id') }}

-- Every pull lists all products again. This is in which build the price of one was another one for the first time.

with

products as (
    select * from {{ ref('stg_ordergroove__products') }}
),

{% if is_incremental() %}
    known as (
        select * from {{ this }}
    ),

    final as (
        select
            products.product_id,
            products.list_price,
            {{ build_number() }} as _built_in
        from products
        left join known
            on products.product_id = known.product_id
        where known.product_id is null or products.list_price is distinct from known.list_price
    )
{% else %}
    final as (
        select
            product_id,
            list_price,
            {{ build_number() }} as _built_in
        from products
    )
{% endif %}

select * from final
