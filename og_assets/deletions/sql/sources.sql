-- What is told of the orders, or of the items: by webhooks, by earlier answers, and by earlier censuses. All times but
-- those of rows are by Ordergroove's clock.

create table told as
select
    object_id,
    max(created) filter (type in ('order.delete', 'item.remove')) as deleted_at,
    max(created) filter (type not in ('order.delete', 'item.remove')) as alive_at,
    arg_max(nullif(json_extract_string(object, '$.order'), ''), created) as order_id,
    arg_max(
        try_cast(json_extract_string(object, '$.status') as bigint), created
    ) filter (json_extract_string(object, '$.status') is not null) as status,
    max(created) filter (json_extract_string(object, '$.status') is not null) as status_at
from (
    select
        object_id,
        type,
        created,
        case when json_valid(object) then object end as object
    from events()
    where
        object_id is not null
        and created is not null
        and type like (select object_type || '.%' from this_census)
)
group by object_id;

create table answers as
select
    object_id,
    max(checked_at) filter (status = 404) as gone_at,
    max(checked_at) filter (status = 200) as alive_at,
    max(last_listed_at) as listed_at,
    list(first_missed_at) filter (first_missed_at is not null) as missed_at,
    list(checked_at) filter (status = 200) as lives,
    count(*) filter (status not in (200, 404)) as failures
from checks()
where object_type = (select object_type from this_census)
group by object_id;

create table listed as
select
    object_id,
    max(listed_at) as listed_at
from was_listed
group by object_id;

-- As they were shown last. (An order that is asked for by itself does not say when it was updated.)
create table known_orders as
select
    public_id as object_id,
    arg_max(status, (coalesce(_seen_at, _pulled_at), _pulled_at)) as status,
    arg_max(place, (coalesce(_seen_at, _pulled_at), _pulled_at)) as place,
    max(updated) as updated,
    arg_max(customer, _pulled_at) as customer_id,
    arg_max(merchant, _pulled_at) as merchant_id,
    min(coalesce(_seen_at, _pulled_at)) as first_seen_at,
    max(coalesce(_seen_at, _pulled_at)) as seen_at
from orders()
group by public_id;

-- An answer to a question that nothing has changed since. Whatever lives and is never listed, though it should be, is
-- asked about three times, and then once a week.
create macro is_at_rest(lives, listed_at, asked_at) as
    len(list_filter(lives, lambda life: life > coalesce(listed_at, timestamptz '0001-01-01 00:00:00+00'))) >= 3
    and list_max(lives) > asked_at - interval 7 day;

-- A status that nobody knows is open: whoever has it may vanish.
create macro is_open_status(status) as coalesce(not list_contains(getvariable('closed_statuses'), status), true);

create macro is_id(text) as regexp_full_match(text, '[0-9A-Za-z_-]{1,64}');
