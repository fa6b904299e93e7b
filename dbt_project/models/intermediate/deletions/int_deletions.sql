with

absences as (
    select * from {{ ref('int_absences') }}
    where is_proved
),

-- The event's time is when it happened, unless Ordergroove had answered before that it was gone.
judged as (
    select
        *,
        told_at is not null and (not_found_at is null or told_at <= not_found_at) as is_exact,
        -- The answer's clock is cut to seconds: it may have happened at any moment of that second.
        {{ seconds_later('not_found_at', 1) }} as not_found_until_at,
        row_number() over (
            partition by object_type, object_id
            order by coalesce(told_at, not_found_at)
        ) as deletion_number
    from absences
),

final as (
    select
        {{ surrogate_key(['object_type', 'object_id', 'deletion_number']) }} as deletion_id,
        object_type,
        object_id,
        deletion_number,
        case when is_exact then 'exact' else 'bounded' end as precision,
        case when told_at is not null then 'webhook' else 'retrieve_404' end as evidence,
        case when told_at is not null then 'webhook' else '' end
        || case when told_at is not null and not_found_at is not null then ', ' else '' end
        || case when not_found_at is not null then 'retrieve_404' else '' end
        || case when first_missed_at is not null then ', census' else '' end as all_evidence,
        case when is_exact then told_at else not_found_until_at end as deleted_at,
        case when is_exact then told_at else alive_before_at end as not_before_at,
        case when is_exact then told_at else not_found_until_at end as not_after_at,
        first_missed_at,
        alive_after_at as undeleted_at
    from judged
)

select * from final
