{{ config(unique_key='billing_attempt_id') }}

with

source as (
    select * from {{ raw_rows(source('ordergroove', 'billing_attempts')) }}
),

renamed as (
    select
        ---------- ids
        public_id as billing_attempt_id,
        "order" as order_id,
        response_order_id,

        ---------- text
        response_code,
        response_message,

        ---------- origin
        _pulled_at
    from source
),

final as (
    {{ latest_versions('renamed', key='billing_attempt_id') }}
)

select * from final
