create table known as
select
    ids.object_id,
    rows.place,
    -- Of what nobody has told the status yet, only that it was created is known: it is open.
    is_open_status(
        case when told.status_at > rows.seen_at or rows.object_id is null then told.status else rows.status end
    ) as is_open,
    case when is_open then 'left_census' end as reason_if_absent,
    told.deleted_at,
    answers.gone_at,
    answers.lives,
    answers.missed_at,
    answers.failures,
    now_listed.object_id is not null as is_listed,
    greatest(listed.listed_at, answers.listed_at) as listed_at,
    -- What is on record as a sign of life. The marts know these, and only these.
    greatest(rows.seen_at, told.alive_at, answers.alive_at, answers.listed_at) as shown_at,
    greatest(rows.seen_at, told.alive_at, answers.alive_at, answers.listed_at, listed.listed_at) as alive_at
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

create view may_be_witnesses as
select
    object_id,
    customer_id,
    first_seen_at
from known_orders
where not is_open_status(status);
