-- Who is to be asked about, and why. Needs `known`, `this_census` and the macros.

create table candidates as
select
    object_id,
    reason,
    case when reason = 'came_back' then began_at else listed_at end as last_listed_at,
    case when reason != 'came_back' then coalesce(missed_before_at, ended_at) end as first_missed_at,
    missed_before_at is not null as is_on_record
from (
    select
        known.*,
        this_census.began_at,
        this_census.ended_at,
        this_census.store_date,
        -- The end of an earlier census that missed it as well, where it was to be asked about since and still waits.
        list_min(
            list_filter(missed_at, lambda missed: missed > coalesce(alive_at, '-infinity'::timestamptz))
        ) as missed_before_at,
        coalesce(known.deleted_at >= known.shown_at, known.deleted_at is not null) as is_told_deleted,
        coalesce(known.gone_at >= known.shown_at, known.gone_at is not null) as is_gone,
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
-- What is wrong in the marts comes first; then what has no proof yet; then what a webhook told. Of each, the one that waits
-- longest and the newest by turns, so that neither a backlog nor a bad day holds up the other. What gave trouble before
-- goes last, and before it what may simply have been placed: the next window tells of it.
order by
    case reason when 'came_back' then 0 when 'told_deleted' then 2 else 1 end,
    coalesce(failures > 0, false),
    coalesce(place <= store_date, false),
    least(
        row_number() over (partition by reason order by first_missed_at, object_id),
        row_number() over (partition by reason order by first_missed_at desc, object_id desc)
    ),
    object_id;

-- Closed rows, which Ordergroove shows for ever, of different customers, at random. On record since before the census
-- before this one, if there are such: what came with a wrong key today cannot vouch for it.
create table witnesses as
select object_id
from (
    select
        object_id,
        first_seen_at,
        row_number() over (partition by customer_id order by first_seen_at, object_id) as number_of_customer
    from may_be_witnesses
    where is_id(object_id)
)
where number_of_customer = 1
order by
    first_seen_at < (
        select coalesce(max(listed_at), (select began_at from this_census)) - interval 12 hour from was_listed
    ) desc,
    hash(object_id || cast((select began_at from this_census) as varchar));
