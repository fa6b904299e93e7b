{{ config(unique_key='cancel_reason_code') }}

with

source as (
    select * from {{ raw_rows(source('ordergroove', 'cancel_reasons')) }}
),

renamed as (
    select
        ---------- ids
        cancel_reason as cancel_reason_code,

        ---------- text
        application,

        ---------- origin
        _pulled_at
    from source
),

final as (
    {{ latest_versions('renamed', key='cancel_reason_code') }}
)

select * from final
