{{ config(unique_key='pull_id') }}

with

source as (
    select * from {{ raw_rows(source('lake', 'pulls')) }}
),

renamed as (
    select
        ---------- ids
        {{ surrogate_key(['object', 'last_window', 'run_id', 'pulled_at']) }} as pull_id,
        run_id,

        ---------- text
        object as object_name,
        first_window,
        last_window,
        source as store,
        note,

        ---------- numerics
        pages,
        rows as row_count,
        quarantined,
        requests,
        retries,
        bytes,
        seconds,

        ---------- dates and times
        window_start as window_start_at,
        window_end as window_end_at,
        pulled_at,
        {{ store_instant('newest_updated') }} as newest_updated_at,

        ---------- origin
        pulled_at as _pulled_at
    from source
),

final as (
    {{ latest_versions('renamed', key='pull_id') }}
)

select * from final
