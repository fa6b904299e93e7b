{{ config(unique_key='entitlement_id') }}

with

source as (
    select * from {{ raw_rows(source('ordergroove', 'entitlements')) }}
),

renamed as (
    select
        ---------- ids
        public_id as entitlement_id,
        merchant as merchant_id,
        merchant_user_id as customer_id,
        {{ json_text('resource', 'public_id') }} as resource_id,

        ---------- text
        access_type,
        grantees,

        ---------- numerics
        grace_period,

        ---------- booleans
        live as is_live,

        ---------- dates and times, which this host alone gives in UTC
        initial_activation_date as first_activated_at,
        latest_activation_date as last_activated_at,
        expiration as expires_at,
        created as created_at,
        last_updated as updated_at,

        ---------- origin
        _pulled_at
    from source
),

final as (
    {{ latest_versions('renamed', key='entitlement_id', updated='updated_at') }}
)

select * from final
