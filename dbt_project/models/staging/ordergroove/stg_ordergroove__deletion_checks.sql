{{ config(unique_key='deletion_check_id') }}

with

source as (
    select * from {{ raw_rows(source('ordergroove', 'deletion_checks')) }}
),

renamed as (
    select
        ---------- ids
        {{ surrogate_key([
            'object_type', 'object_id', 'reason', 'status', 'last_listed_at', 'first_missed_at', 'checked_at', '_run_id'
        ]) }} as deletion_check_id,
        object_id,
        _run_id as run_id,

        ---------- text
        object_type,
        reason,

        ---------- numerics
        status as status_code,

        ---------- dates and times; all by Ordergroove's clock
        last_listed_at,
        first_missed_at,
        checked_at,

        ---------- origin
        _pulled_at
    from source
),

final as (
    {{ latest_versions('renamed', key='deletion_check_id') }}
)

select * from final
