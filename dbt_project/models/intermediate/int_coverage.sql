with

pulls as (
    select * from {{ ref('stg_lake__pulls') }}
),

-- The very first window has no beginning: it reaches back to before the first row.
windows as (
    select
        object_name,
        coalesce(window_start_at, cast('0001-01-01 00:00:00+00' as timestamp with time zone)) as from_at,
        window_end_at as until_at
    from pulls
    where window_end_at is not null
),

-- A window that begins after the end of all earlier ones leaves a gap before it.
marked as (
    select
        object_name,
        from_at,
        until_at,
        case
            when
                from_at <= max(until_at) over (
                    partition by object_name
                    order by from_at, until_at
                    rows between unbounded preceding and 1 preceding
                )
                then 0
            else 1
        end as begins_span
    from windows
),

numbered as (
    select
        object_name,
        from_at,
        until_at,
        sum(begins_span) over (
            partition by object_name
            order by from_at, until_at
            rows between unbounded preceding and current row
        ) as span_number
    from marked
),

final as (
    select
        object_name,
        cast(span_number as bigint) as span_number,
        min(from_at) as from_at,
        max(until_at) as until_at
    from numbered
    group by object_name, span_number
)

select * from final
