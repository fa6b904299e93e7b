-- Who is to be asked about, and why. Needs `known`, `this_census` and the macros.

create table candidates as
select
    object_id,
    reason,
    listed_at as last_listed_at,
    case when reason != 'came_back' then coalesce(missed_before_at, ended_at) end as first_missed_at,
    missed_before_at is not null as is_on_record
from (
    select
        known.*,
        this_census.ended_at,
        this_census.store_date,
        -- The end of an earlier census that missed it as well, where it was to be asked about since and still waits.
        list_min(
            list_filter(missed_at, lambda missed: missed > coalesce(alive_at, '-infinity'::timestamptz))
        ) as missed_before_at,
        coalesce(known.deleted_at >= known.alive_at, known.deleted_at is not null) as is_told_deleted,
        coalesce(known.gone_at >= known.alive_at, known.gone_at is not null) as is_gone,
        case
            when is_listed then case
                when is_gone and known.gone_at < this_census.began_at then 'came_back'
                when not is_gone and is_told_deleted and known.deleted_at < this_census.began_at then 'came_back'
            end
            when is_gone or known.alive_at > this_census.began_at then null
            when is_at_rest(known.lives, known.listed_at, this_census.began_at) then null
            when is_told_deleted then 'told_deleted'
            else known.reason_if_absent
        end as reason
    from known
    cross join this_census
    where is_id(known.object_id)
)
where reason is not null
-- What has no proof yet before what a webhook told; those that wait longest first; and what may simply have been placed,
-- last: the next window tells of it.
order by reason = 'told_deleted', first_missed_at, coalesce(place <= store_date, false), object_id;
