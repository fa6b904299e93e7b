"""SQL that generates the store of the mart benchmark: two years of subscriptions and orders, and one more day.

Belongs here: tables of the store, the rows that pulls and webhooks deliver of them, and the changes of the next day.
Does not belong here: writing files and measuring (`marts.py`).
"""

# `chance(n, of)` is a pseudo-random number between 0 and 1 from a hash, so that every run generates the same store.
MACROS = """
    create macro chance(n, of) as (hash(n, of) % 1000003) / 1000003.0;
    create macro utc(wall_clock) as timezone('America/New_York', wall_clock);
    create macro seconds(n) as to_seconds(cast(n as bigint));
    create macro origin_columns(day, observed_at) as
        {'_window': strftime(day, '%Y-%m-%d'), '_seen_at': observed_at, '_pulled_at': observed_at};
"""

# A third of the subscriptions is cancelled within a year. A fifth of the cancelled ones is reactivated 30 days later.
SUBSCRIPTION_TABLE = """
    create table subscriptions as
    with created as (
        select
            n,
            'S' || lpad(n::varchar, 9, '0') as subscription_id,
            'C' || lpad((n * 7 // 10)::varchar, 9, '0') as customer_id,
            'P' || (hash(n, 'product') % 300)::varchar as product_id,
            (1 + hash(n, 'quantity') % 3)::bigint as quantity,
            (case when chance(n, 'weeks') < 0.3 then 4 else 1 + hash(n, 'every') % 2 end)::bigint as every,
            (case when chance(n, 'weeks') < 0.3 then 2 else 3 end)::bigint as every_period,
            getvariable('now') - interval 2 year
                + seconds(729 * 86400 * chance(n, 'created')) as created_at,
            -ln(1 - chance(n, 'life')) * 900 * 86400 as seconds_live
        from range(getvariable('subscriptions')) as numbers(n)
    ),
    changed as (
        select
            *,
            case when created_at + seconds(seconds_live) < getvariable('now')
                then created_at + seconds(seconds_live) end as cancelled_at,
            case when chance(n, 'changes') < 0.5
                then created_at + seconds(least(seconds_live, 86400 * 200) * chance(n, 'when') + 1) end as changed_at
        from created
    )
    select
        * exclude (changed_at),
        case when changed_at < least(coalesce(cancelled_at, changed_at + interval 1 day), getvariable('now'))
            then changed_at end as changed_at,
        case when chance(n, 'returns') < 0.2 and cancelled_at + interval 30 day < getvariable('now')
            then cancelled_at + interval 30 day end as returned_at
    from changed
"""

# One row per version of a subscription, with the event that reports it.
VERSION_TABLE = """
    create table versions as
    select *, quantity as known_quantity, created_at as happened_at, 'create' as happened, true as live,
        created_at as activated_at from subscriptions
    union all by name
    select *, quantity + 1 as known_quantity, changed_at as happened_at, 'change_quantity' as happened, true as live,
        created_at as activated_at from subscriptions where changed_at is not null
    union all by name
    select *, quantity + (changed_at is not null)::bigint as known_quantity,
        cancelled_at as happened_at, 'cancel' as happened,
        false as live, created_at as activated_at from subscriptions where cancelled_at is not null
    union all by name
    select *, quantity + (changed_at is not null)::bigint as known_quantity,
        returned_at as happened_at, 'reactivate' as happened,
        true as live, returned_at as activated_at from subscriptions where returned_at is not null
"""

# One order every 30 days while the subscription is live. The last one is not placed yet. One in twenty is declined
# once before it succeeds, and one in twenty has a discount on the order.
ORDER_TABLE = """
    create table orders as
    with due as (
        select
            *,
            date_trunc('day', created_at) + interval 1 day * 30 * unnest(range(
                1, 2 + cast(date_diff('day', created_at, getvariable('now')) // 30 as bigint)
            )) + interval 3 hour + seconds(3600 * chance(n, 'hour')) as placed_at
        from subscriptions
    )
    select
        *,
        'O' || subscription_id || '-' || strftime(placed_at, '%y%m%d') as order_id,
        placed_at < getvariable('now') as is_placed,
        chance(n, 'declined ' || placed_at) < 0.05 as is_declined,
        case when chance(n, 'discount ' || placed_at) < 0.05 then 1 else 0 end as off_order,
        least(placed_at, getvariable('now') - interval 1 hour) as updated_at
    from due
    where cancelled_at is null or placed_at < cancelled_at or placed_at > returned_at
"""

# One query per API object: the rows that pulls deliver, with the columns of their origin.
RAW_OBJECTS = {
    "customers": """
        select distinct customer_id as merchant_user_id, true as live,
            origin_columns(getvariable('since'), getvariable('observed_at')) as origin from subscriptions
    """,
    "products": """
        select distinct product_id as external_product_id, 20.0::decimal(18, 4) as price, true as live,
            origin_columns(getvariable('since'), getvariable('observed_at')) as origin from subscriptions
    """,
    "subscriptions": """
        select subscription_id as public_id, customer_id as customer, product_id as product,
            known_quantity::bigint as quantity, every, every_period,
            activated_at::date as start_date, live, created_at::timestamp as created,
            happened_at as updated, case when not live then happened_at end as cancelled,
            case when not live then '8|Too dear' end as cancel_reason, case when not live then 8::bigint end
            as cancel_reason_code, 'USD' as currency_code,
            origin_columns(happened_at, utc(happened_at + interval 12 hour)) as origin from versions
    """,
    "orders": """
        select order_id as public_id, customer_id as customer, case when is_placed then 5 else 1 end::bigint as status,
            date_trunc('day', placed_at) as place, created_at as created, updated_at as updated, 'USD' as currency_code,
            case when not is_placed then 0 when is_declined then 2 else 1 end::bigint as tries,
            (quantity * 18)::decimal(18, 4) as sub_total, 5::decimal(18, 4) as shipping_total,
            (quantity * 2 + off_order)::decimal(18, 4) as discount_total,
            (quantity * 18 + 5 - off_order)::decimal(18, 4) as total,
            origin_columns(updated_at, utc(updated_at + interval 12 hour)) as origin from orders
    """,
    "items": """
        select 'I' || order_id as public_id, order_id as "order", subscription_id as subscription,
            product_id as product, quantity, 20.0::decimal(18, 4) as price,
            (quantity * 18)::decimal(18, 4) as total_price, false as one_time, updated_at as order_updated,
            case when is_placed then placed_at end as first_placed,
            origin_columns(updated_at, utc(updated_at + interval 12 hour)) as origin from orders
    """,
    "billing_attempts": """
        select 'A' || order_id as public_id, order_id as "order", '140' as response_code,
            origin_columns(placed_at - interval 4 day, utc(placed_at - interval 84 hour)) as origin
            from orders where is_placed and is_declined
        union all by name
        select 'B' || order_id as public_id, order_id as "order", '000' as response_code,
            origin_columns(placed_at, utc(placed_at + interval 12 hour)) as origin from orders where is_placed
    """,
}

EVENTS = """
    select
        md5(subscription_id || happened || happened_at::varchar) as event_id,
        'subscription.' || happened as type,
        'subscription' as object_type,
        subscription_id as object_id,
        date_trunc('second', utc(happened_at)) as created,
        utc(happened_at) + interval 2 second as received_at,
        json_object(
            'public_id', subscription_id, 'customer', customer_id, 'product', product_id, 'quantity', known_quantity,
            'every', every, 'every_period', every_period, 'live', live, 'start_date', activated_at::date::varchar,
            'created', epoch(date_trunc('second', utc(created_at)))::bigint,
            'updated', epoch(date_trunc('second', utc(happened_at)))::bigint,
            'cancelled', case when not live then epoch(date_trunc('second', utc(happened_at)))::bigint end
        )::varchar as object,
        strftime(happened_at, '%Y-%m-%d') as day
    from versions
"""

# The next day: one in a hundred subscriptions increases its quantity, and as many orders are placed as are one in a
# hundred of all. Each placed order gets a successor.
NEXT_DAY = """
    delete from versions where hash(n, 'next day') % 100 != 0;
    delete from versions as old using versions as new
        where old.subscription_id = new.subscription_id and old.happened_at < new.happened_at;
    update versions set happened_at = getvariable('now') - seconds(3600 * (1 + chance(n, 'next hour'))), happened =
        'change_quantity', known_quantity = known_quantity + 1 where live;
    delete from versions where happened_at < getvariable('since');
    set variable share_due = (select 0.01 * count(*) / count(*) filter (not is_placed) from orders);
    delete from orders where is_placed or chance(n, 'next order') >= getvariable('share_due');
    insert into orders by name select * exclude (order_id, placed_at, updated_at),
        'O' || subscription_id || '-' || strftime(placed_at + interval 30 day, '%y%m%d') as order_id,
        placed_at + interval 30 day as placed_at, getvariable('now') - interval 10 hour as updated_at from orders;
    update orders set is_placed = true, placed_at = getvariable('now') - interval 10 hour,
        updated_at = getvariable('now') - interval 10 hour where placed_at < getvariable('since') + interval 30 day;
"""
