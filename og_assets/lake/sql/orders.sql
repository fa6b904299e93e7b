create table known as
select
    ids.object_id,
    rows.place,
    -- Of what nobody has told the status yet, only that it was created is known: it is open.
    coalesce(
        is_open_status(
            case when told.status_at > rows.seen_at or rows.object_id is null then told.status else rows.status end
        ),
        rows.object_id is null
    ) as is_open,
    case when is_open then 'left_census' end as reason_if_absent,
    told.deleted_at,
    answers.gone_at,
    answers.lives,
    answers.missed_at,
    now_listed.object_id is not null as is_listed,
    greatest(listed.listed_at, answers.listed_at) as listed_at,
    greatest(rows.seen_at, told.alive_at, answers.alive_at, listed.listed_at, answers.listed_at) as alive_at
from (
    select object_id from known_orders where is_open_status(status)
    union
    select object_id from told
    union
    select object_id from listed
    union
    select object_id from answers
) as ids
left join known_orders as rows on ids.object_id = rows.object_id
left join told on ids.object_id = told.object_id
left join answers on ids.object_id = answers.object_id
left join listed on ids.object_id = listed.object_id
left join now_listed on ids.object_id = now_listed.object_id
where is_id(ids.object_id);

-- Rows that Ordergroove should still show: two that were known before and are listed now, and two that are closed.
create table witnesses as
select object_id
from (
    (
        select known_orders.object_id, 1 as rank, known_orders.seen_at
        from known_orders
        inner join now_listed on known_orders.object_id = now_listed.object_id
        where known_orders.seen_at <= (select began_at from this_census)
        order by known_orders.seen_at desc, known_orders.object_id
        limit 2
    )
    union all
    (
        select object_id, 2 as rank, seen_at
        from known_orders
        where not is_open_status(status)
        order by seen_at desc, object_id
        limit 2
    )
)
where is_id(object_id)
order by rank, seen_at desc, object_id;
