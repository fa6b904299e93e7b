with

evidence as (
    select * from {{ ref('int_deletion_evidence') }}
),

signs_of_life as (
    select * from {{ ref('int_signs_of_life') }}
),

-- All by one clock, Ordergroove's, in whole seconds. (A census is no proof: its fractions of a second bound nothing.)
timeline as (
    select
        object_type,
        object_id,
        evidence,
        evidence_at as noted_at,
        null as alive_at
    from evidence
    union all
    select
        object_type,
        object_id,
        null as evidence,
        alive_at as noted_at,
        alive_at
    from signs_of_life
),

-- Within one second life comes first: an id is not used again.
placed_in_time as (
    select
        *,
        count(alive_at) over (
            partition by object_type, object_id
            order by noted_at, case when evidence is null then 0 else 1 end
            rows between unbounded preceding and current row
        ) as signs_before,
        max(alive_at) over (
            partition by object_type, object_id
            order by noted_at, case when evidence is null then 0 else 1 end
            rows between unbounded preceding and current row
        ) as alive_before_at,
        min(alive_at) over (
            partition by object_type, object_id
            order by noted_at, case when evidence is null then 0 else 1 end
            rows between 1 following and unbounded following
        ) as alive_after_at
    from timeline
),

absences as (
    select
        object_type,
        object_id,
        signs_before,
        max(alive_before_at) as alive_before_at,
        min(case when evidence = 'webhook' then noted_at end) as told_at,
        min(case when evidence = 'retrieve_404' then noted_at end) as not_found_at,
        min(case when evidence = 'census' then noted_at end) as first_missed_at,
        min(alive_after_at) as alive_after_at
    from placed_in_time
    where evidence is not null
    group by object_type, object_id, signs_before
),

final as (
    select
        {{ surrogate_key(['object_type', 'object_id', 'signs_before']) }} as absence_id,
        object_type,
        object_id,
        told_at is not null or not_found_at is not null as is_proved,
        alive_before_at,
        first_missed_at,
        told_at,
        not_found_at,
        alive_after_at
    from absences
)

select * from final
