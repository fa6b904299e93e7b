{{ config(unique_key='incentive_id') }}

with

source as (
    select * from {{ raw_rows(source('ordergroove', 'one_time_incentives')) }}
),

renamed as (
    select
        ---------- ids
        public_id as incentive_id,
        customer as customer_id,
        merchant as merchant_id,
        "order" as order_id,
        item as order_item_id,

        ---------- text
        external_code,
        description,
        stacking_type,
        incentive,
        {{ json_text('incentive', 'type') }} as incentive_type,
        {{ json_text('incentive', 'target') }} as incentive_target,
        {{ json_text('incentive', 'field') }} as incentive_field,
        {{ json_text('incentive', 'discount_type') }} as discount_type,

        ---------- numerics
        {{ number_or_null(json_text('incentive', 'value'), 'decimal(18, 4)') }} as discount_value,

        ---------- dates and times
        {{ store_instant('applied_at') }} as applied_at,
        {{ store_instant('expires') }} as expires_at,
        {{ store_instant('created') }} as created_at,
        {{ store_instant('last_updated') }} as updated_at,

        ---------- origin
        _pulled_at
    from source
),

final as (
    {{ latest_versions('renamed', key='incentive_id', updated='updated_at') }}
)

select * from final
