{{ config(unique_key='order_try_id') }}

with

source as (
    select * from {{ raw_rows(source('ordergroove', 'orders')) }}
),

-- Orders that were never tried are most of what is pulled, and say nothing here.
renamed as (
    select
        {{ surrogate_key(['public_id', 'tries', 'status']) }} as order_try_id,
        public_id as order_id,
        tries,
        status as status_code,
        {{ store_instant('updated') }} as first_updated_at,
        {{ store_instant('updated') }} as last_updated_at,
        _pulled_at
    from source
    where tries > 0
),

-- Once for each pull that showed it, and those pulls may come in any order.
sightings as (
    {{ rows_to_reckon_with('renamed', key='order_try_id') }}
),

final as (
    select
        ---------- ids
        order_try_id,
        order_id,

        ---------- numerics
        tries,
        status_code,

        ---------- dates and times
        min(first_updated_at) as first_updated_at,
        max(last_updated_at) as last_updated_at,

        ---------- origin
        max(_pulled_at) as _pulled_at,
        max(_built_in) as _built_in
    from sightings
    group by order_try_id, order_id, tries, status_code
)

select * from final
