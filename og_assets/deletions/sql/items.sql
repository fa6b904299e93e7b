create table known_items as
select
    public_id as object_id,
    arg_max("order", (coalesce(_seen_at, _pulled_at), _pulled_at)) as order_id,
    max(order_updated) as order_updated,
    min(coalesce(_seen_at, _pulled_at)) as first_seen_at,
    max(coalesce(_seen_at, _pulled_at)) as seen_at
from items()
group by public_id;

create table told_of_orders as
select
    object_id,
    arg_max(try_cast(json_extract_string(object, '$.status') as bigint), created) as status,
    max(created) as status_at
from (
    select
        object_id,
        created,
        case when json_valid(object) then object end as object
    from events()
    where object_id is not null and created is not null and type like 'order.%'
)
where json_extract_string(object, '$.status') is not null
group by object_id;

-- Once its order is closed, an item stays in it: it was listed in it, or answered for, since, or it has left before.
create table known as
select
    ids.object_id,
    orders.place,
    is_open_status(orders.status) as is_open,
    case
        when is_open then case
            -- Placed, by what webhooks say: the next window shows it, or shows that it is not there.
            when not is_open_status(told_of_orders.status) and told_of_orders.status_at > orders.seen_at then null
            else 'left_census'
        end
        when coalesce(rows.order_updated >= orders.updated, false) then null
        when coalesce(answers.alive_at > orders.seen_at, false) then null
        -- Later than that its items were not pulled yet.
        when orders.updated <= this_census.items_until then 'left_order'
    end as reason_if_absent,
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
    select object_id from known_items
    union
    select object_id from told
    union
    select object_id from listed
    union
    select object_id from answers
) as ids
cross join this_census
left join known_items as rows on ids.object_id = rows.object_id
left join told on ids.object_id = told.object_id
left join answers on ids.object_id = answers.object_id
left join listed on ids.object_id = listed.object_id
left join now_listed on ids.object_id = now_listed.object_id
left join known_orders as orders on coalesce(rows.order_id, told.order_id) = orders.object_id
left join told_of_orders on coalesce(rows.order_id, told.order_id) = told_of_orders.object_id
where is_id(ids.object_id);

create view may_be_witnesses as
select
    known_items.object_id,
    known_orders.customer_id,
    known_items.first_seen_at
from known_items
inner join known_orders on known_items.order_id = known_orders.object_id
where not is_open_status(known_orders.status) and known_items.order_updated >= known_orders.updated;
