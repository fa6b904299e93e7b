-- Evidence about each order, or each item: from webhooks, earlier checks and listings. All times are by Ordergroove's
-- clock, except those of rows.

create table webhook_reports as
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
        and type like (select object_type || '.%' from newest_listing)
)
group by object_id;

create table check_results as
select
    object_id,
    max(checked_at) filter (status = 404) as deleted_at,
    max(checked_at) filter (status = 200) as alive_at,
    max(last_listed_at) as listed_at,
    list(first_missed_at) filter (first_missed_at is not null) as missed_at,
    list(checked_at) filter (status = 200) as alive_answers,
    count(*) filter (status not in (200, 404)) as failures
from checks()
where object_type = (select object_type from newest_listing)
group by object_id;

create table last_listings as
select
    object_id,
    max(listed_at) as listed_at
from earlier_ids
group by object_id;

-- The last observation of each order. A retrieved order has no `updated`, so `updated` is the maximum and not the last.
create table known_orders as
select
    public_id as object_id,
    arg_max(status, (coalesce(_seen_at, _pulled_at), _pulled_at)) as status,
    arg_max(place, (coalesce(_seen_at, _pulled_at), _pulled_at)) as place,
    max(updated) as updated,
    arg_max(customer, _pulled_at) as customer_id,
    arg_max(merchant, _pulled_at) as merchant_id,
    min(coalesce(_seen_at, _pulled_at)) as first_observed_at,
    max(coalesce(_seen_at, _pulled_at)) as last_observed_at
from orders()
group by public_id;

-- An object that exists, but is never listed although it should be, is checked three times, then once a week.
create macro is_checked_enough(alive_answers, listed_at, compared_at) as
    len(
        list_filter(alive_answers, lambda answer: answer > coalesce(listed_at, timestamptz '0001-01-01 00:00:00+00'))
    ) >= 3
    and list_max(alive_answers) > compared_at - interval 7 day;

-- An undocumented or unknown status counts as open: an order in it may be deleted.
create macro is_open_status(status) as coalesce(not list_contains(getvariable('closed_statuses'), status), true);

-- Ids become part of a URL. Anything else in an event must never be requested.
create macro is_id(text) as regexp_full_match(text, '[0-9A-Za-z_-]{1,64}');
