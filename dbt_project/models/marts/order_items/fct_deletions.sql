with

item_deletions as (
    select * from {{ ref('int_item_deletions') }}
),

order_deletions as (
    select * from {{ ref('int_order_deletions') }}
),

deletions as (
    select
        deletion_id,
        object_type,
        object_id,
        order_id,
        subscription_id,
        customer_id,
        product_id,
        replaced_by_item_id,
        precision,
        evidence,
        all_evidence,
        cause,
        currency_code,
        deletion_number,
        total_price as total,
        value_lost,
        place_date,
        deleted_at,
        not_before_at,
        not_after_at,
        first_missed_at,
        undeleted_at
    from item_deletions
    union all
    select
        deletion_id,
        object_type,
        object_id,
        object_id as order_id,
        null as subscription_id,
        customer_id,
        null as product_id,
        null as replaced_by_item_id,
        precision,
        evidence,
        all_evidence,
        cause,
        currency_code,
        deletion_number,
        total,
        value_lost,
        place_date,
        deleted_at,
        not_before_at,
        not_after_at,
        first_missed_at,
        undeleted_at
    from order_deletions
),

final as (
    select
        ---------- ids
        deletion_id,
        object_type,
        object_id,
        order_id,
        subscription_id,
        customer_id,
        product_id,
        replaced_by_item_id,

        ---------- text
        evidence,
        all_evidence,
        precision,
        cause,
        currency_code,

        ---------- numerics
        deletion_number,
        total,
        {{ money('value_lost') }} as value_lost,

        ---------- dates and times
        place_date,
        {{ store_date('deleted_at') }} as deleted_date,
        deleted_at,
        not_before_at,
        not_after_at,
        first_missed_at,
        undeleted_at
    from deletions
)

select * from final
