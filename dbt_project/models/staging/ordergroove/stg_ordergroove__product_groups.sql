{{ config(unique_key='product_group_id') }}

with

source as (
    select * from {{ raw_rows(source('ordergroove', 'product_groups')) }}
),

renamed as (
    select
        ---------- ids
        {{ surrogate_key(['name', 'group_type']) }} as product_group_id,

        ---------- text
        name as product_group_name,
        group_type as product_group_type,

        ---------- origin
        _pulled_at
    from source
),

final as (
    {{ latest_versions('renamed', key='product_group_id') }}
)

select * from final
