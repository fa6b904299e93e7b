-- Every known item with its evidence. Needs the tables and macros of `sources`.

create table known_items as
select
    public_id as object_id,
    arg_max("order", (coalesce(_seen_at, _pulled_at), _pulled_at)) as order_id,
    max(order_updated) as order_updated,
    min(coalesce(_seen_at, _pulled_at)) as first_observed_at,
    max(coalesce(_seen_at, _pulled_at)) as last_observed_at
from items()
group by public_id;

create table order_reports as
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

create table known_objects as
select
    ids.object_id,
    orders.place,
    is_open_status(orders.status) as is_open,
    -- An item of an open order should be listed. After its order is closed, an item stays in it unchanged: it is only
    -- suspected if it was not observed in the closed order, by a row or a check, and items were pulled since.
    case
        when is_open then case
            -- Events say that the order was placed after its last observation. The next window pulls it with its items.
            when
                not is_open_status(order_reports.status)
                and order_reports.status_at > orders.last_observed_at then null
            else 'left_census'
        end
        when coalesce(rows.order_updated >= orders.updated, false) then null
        when coalesce(results.alive_at > orders.last_observed_at, false) then null
        when orders.updated <= newest_listing.items_pulled_until then 'left_order'
    end as reason_if_not_listed,
    reports.deleted_at as reported_deleted_at,
    results.deleted_at as proved_deleted_at,
    results.alive_answers,
    results.missed_at,
    results.failures,
    newest_ids.object_id is not null as is_listed,
    greatest(last_listings.listed_at, results.listed_at) as listed_at,
    -- The marts know only the evidence in rows, events and check results. An earlier listing is not recorded there.
    greatest(rows.last_observed_at, reports.alive_at, results.alive_at, results.listed_at) as recorded_alive_at,
    greatest(
        rows.last_observed_at, reports.alive_at, results.alive_at, results.listed_at, last_listings.listed_at
    ) as last_alive_at
from (
    select object_id from known_items
    union
    select object_id from webhook_reports
    union
    select object_id from last_listings
    union
    select object_id from check_results
) as ids
cross join newest_listing
left join known_items as rows on ids.object_id = rows.object_id
left join webhook_reports as reports on ids.object_id = reports.object_id
left join check_results as results on ids.object_id = results.object_id
left join last_listings on ids.object_id = last_listings.object_id
left join newest_ids on ids.object_id = newest_ids.object_id
left join known_orders as orders on coalesce(rows.order_id, reports.order_id) = orders.object_id
left join order_reports on coalesce(rows.order_id, reports.order_id) = order_reports.object_id
where is_id(ids.object_id);

create view possible_control_rows as
select
    known_items.object_id,
    known_orders.customer_id,
    known_items.first_observed_at
from known_items
inner join known_orders on known_items.order_id = known_orders.object_id
where not is_open_status(known_orders.status) and known_items.order_updated >= known_orders.updated;
