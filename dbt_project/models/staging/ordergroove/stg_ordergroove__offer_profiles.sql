{{ config(unique_key='offer_profile_id') }}

with

source as (
    select * from {{ raw_rows(source('ordergroove', 'offer_profiles')) }}
),

renamed as (
    select
        ---------- ids
        public_id as offer_profile_id,

        ---------- text
        name as offer_profile_name,
        status,
        offers,
        recurring_coupon,
        initial_coupon,
        standard_flex_incentives,

        ---------- numerics
        weight,

        ---------- booleans
        live as is_live,

        ---------- origin
        _pulled_at
    from source
),

final as (
    {{ latest_versions('renamed', key='offer_profile_id') }}
)

select * from final
