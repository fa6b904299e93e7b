-- Every known order with its evidence. Needs the tables and macros of `sources`.

create table known_objects as
select
    ids.object_id,
    rows.place,
    -- The status of the last observation, row or event. Without any status, the order is only known to exist: open.
    is_open_status(
        case
            when reports.status_at > rows.last_observed_at or rows.object_id is null then reports.status
            else rows.status
        end
    ) as is_open,
    case when is_open then 'left_census' end as reason_if_not_listed,
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
    select object_id from known_orders where is_open_status(status)
    union
    select object_id from webhook_reports
    union
    select object_id from last_listings
    union
    select object_id from check_results
) as ids
left join known_orders as rows on ids.object_id = rows.object_id
left join webhook_reports as reports on ids.object_id = reports.object_id
left join check_results as results on ids.object_id = results.object_id
left join last_listings on ids.object_id = last_listings.object_id
left join newest_ids on ids.object_id = newest_ids.object_id
where is_id(ids.object_id);

create view possible_control_rows as
select
    object_id,
    customer_id,
    first_observed_at
from known_orders
where not is_open_status(status);
