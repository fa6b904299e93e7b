{{ config(unique_key='resource_id') }}

with

source as (
    select * from {{ raw_rows(source('ordergroove', 'resources')) }}
),

renamed as (
    select
        ---------- ids
        public_id as resource_id,
        merchant as merchant_id,
        external_resource_id,

        ---------- text
        name as resource_name,
        description,
        image_url,

        ---------- dates and times
        {{ store_instant('created') }} as created_at,
        {{ store_instant('last_updated') }} as updated_at,

        ---------- origin
        _pulled_at
    from source
),

final as (
    {{ latest_versions('renamed', key='resource_id', updated='updated_at') }}
)

select * from final
