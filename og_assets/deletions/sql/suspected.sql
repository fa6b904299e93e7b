-- Which objects to check, why, and in which order; and control rows. Needs `known_objects`, `newest_listing` and the
-- macros of `sources`.

create table suspected_deletions as
select
    object_id,
    reason,
    case when reason = 'came_back' then began_at else listed_at end as last_listed_at,
    case when reason != 'came_back' then coalesce(first_missed_before_at, ended_at) end as first_missed_at,
    first_missed_before_at is not null as is_on_record
from (
    select
        known_objects.*,
        newest_listing.began_at,
        newest_listing.ended_at,
        newest_listing.store_date,
        -- The end of the first listing that lacked it, if an earlier run recorded it as waiting for its check.
        list_min(
            list_filter(missed_at, lambda missed: missed > coalesce(last_alive_at, '-infinity'::timestamptz))
        ) as first_missed_before_at,
        coalesce(
            known_objects.reported_deleted_at >= known_objects.recorded_alive_at,
            known_objects.reported_deleted_at is not null
        ) as is_reported_deleted,
        coalesce(
            known_objects.proved_deleted_at >= known_objects.recorded_alive_at,
            known_objects.proved_deleted_at is not null
        ) as is_proved_deleted,
        case
            when is_listed then case
                when is_proved_deleted and known_objects.proved_deleted_at < newest_listing.began_at then 'came_back'
                when
                    not is_proved_deleted
                    and is_reported_deleted
                    and known_objects.reported_deleted_at < newest_listing.began_at then 'came_back'
            end
            when is_proved_deleted or known_objects.last_alive_at > newest_listing.began_at then null
            when
                is_checked_enough(
                    known_objects.alive_answers, known_objects.listed_at, newest_listing.began_at
                ) then null
            when is_reported_deleted then 'told_deleted'
            else known_objects.reason_if_not_listed
        end as reason
    from known_objects
    cross join newest_listing
    where is_id(known_objects.object_id)
)
where reason is not null
-- Objects that are wrong in the marts (`came_back`) come first, then those without any proof, then those reported by
-- webhook. Within each, failed checks go last, and before them orders that may just have been placed, which the next
-- window settles. The longest waiting and the newest alternate, so that neither a backlog nor a bad day blocks others.
order by
    case reason when 'came_back' then 0 when 'told_deleted' then 2 else 1 end,
    coalesce(failures > 0, false),
    coalesce(place <= store_date, false),
    least(
        row_number() over (partition by reason order by first_missed_at, object_id),
        row_number() over (partition by reason order by first_missed_at desc, object_id desc)
    ),
    object_id;

-- Closed objects, which Ordergroove never deletes, of different customers, in random order. Those observed before the
-- previous listing come first: rows that were pulled with a wrong key today must not vouch for that key.
create table control_rows as
select object_id
from (
    select
        object_id,
        first_observed_at,
        row_number() over (partition by customer_id order by first_observed_at, object_id) as number_of_customer
    from possible_control_rows
    where is_id(object_id)
)
where number_of_customer = 1
order by
    first_observed_at < (
        select coalesce(max(listed_at), (select began_at from newest_listing)) - interval 12 hour from earlier_ids
    ) desc,
    hash(object_id || cast((select began_at from newest_listing) as varchar));
