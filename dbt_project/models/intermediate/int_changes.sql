{{ config(materialized='incremental', post_hook="{{ forget_followed_changes() }}") }}

-- Whose history may be another one, by the rows that came since the last build: what they tell of, and everything else
-- of the same customers. One row too many costs a moment; one too few would leave a mart wrong for ever.

with

new_orders as (
    select * from {{ new_only(ref('stg_ordergroove__orders')) }}
),

new_order_events as (
    select * from {{ new_only(ref('stg_ordergroove__order_events')) }}
),

new_items as (
    select * from {{ new_only(ref('stg_ordergroove__items')) }}
),

new_places as (
    select * from {{ new_only(ref('stg_ordergroove__item_places')) }}
),

new_item_events as (
    select * from {{ new_only(ref('stg_ordergroove__item_events')) }}
),

new_versions as (
    select * from {{ new_only(ref('stg_ordergroove__subscription_versions')) }}
),

new_subscriptions as (
    select * from {{ new_only(ref('stg_ordergroove__subscriptions')) }}
),

new_subscription_events as (
    select * from {{ new_only(ref('stg_ordergroove__subscription_events')) }}
),

new_checks as (
    select * from {{ new_only(ref('stg_ordergroove__deletion_checks')) }}
),

-- What a window of items covers, of that its orders know all items from now on: see `int_coverage`.
new_item_windows as (
    select
        coalesce(window_start_at, cast('0001-01-01 00:00:00+00' as timestamp with time zone)) as from_at,
        window_end_at as until_at
    from {{ new_only(ref('stg_lake__pulls')) }}
    where object_name = 'items'
),

new_prices as (
    select * from {{ new_only(ref('int_list_prices')) }}
),

-- Where everything is, and was.
order_customers as (
    select
        order_id,
        customer_id
    from {{ ref('stg_ordergroove__orders') }}
    union
    select
        order_id,
        customer_id
    from {{ ref('stg_ordergroove__order_events') }}
),

subscription_customers as (
    select
        subscription_id,
        customer_id
    from {{ ref('stg_ordergroove__subscription_versions') }}
    union
    select
        subscription_id,
        customer_id
    from {{ ref('stg_ordergroove__subscription_events') }}
),

item_orders as (
    select
        order_item_id,
        order_id
    from {{ ref('stg_ordergroove__item_places') }}
    union
    select
        order_item_id,
        order_id
    from {{ ref('stg_ordergroove__item_events') }}
),

item_subscriptions as (
    select
        order_item_id,
        subscription_id,
        product_id
    from {{ ref('stg_ordergroove__items') }}
    union
    select
        order_item_id,
        subscription_id,
        product_id
    from {{ ref('stg_ordergroove__item_events') }}
),

-- What the new rows tell of.
items_told as (
    select order_item_id from new_items
    union
    select order_item_id from new_places
    union
    select order_item_id from new_item_events
    union
    select object_id as order_item_id
    from new_checks
    where object_type = 'item'
    union
    select order_item_id
    from item_subscriptions
    where product_id in (select new_prices.product_id from new_prices)
),

orders_told as (
    select order_id from new_orders
    union
    select order_id from new_order_events
    union
    select object_id as order_id
    from new_checks
    where object_type = 'order'
    union
    select orders.order_id
    from {{ ref('stg_ordergroove__orders') }} as orders
    inner join new_item_windows as windows
        on orders.updated_at between windows.from_at and windows.until_at
    union
    select order_id
    from item_orders
    where order_item_id in (select items_told.order_item_id from items_told)
),

subscriptions_told as (
    select subscription_id from new_subscriptions
    union
    select subscription_id from new_versions
    union
    select subscription_id from new_subscription_events
    union
    select subscription_id
    from {{ ref('stg_ordergroove__subscription_versions') }}
    where product_id in (select new_prices.product_id from new_prices)
    union
    select subscription_id
    from {{ ref('stg_ordergroove__subscription_events') }}
    where product_id in (select new_prices.product_id from new_prices)
    union
    select item_subscriptions.subscription_id
    from item_subscriptions
    where item_subscriptions.order_item_id in (select items_told.order_item_id from items_told)
    union
    select item_subscriptions.subscription_id
    from item_subscriptions
    inner join item_orders
        on item_subscriptions.order_item_id = item_orders.order_item_id
    where item_orders.order_id in (select orders_told.order_id from orders_told)
),

customers as (
    select customer_id
    from order_customers
    where order_id in (select orders_told.order_id from orders_told)
    union
    select customer_id
    from subscription_customers
    where subscription_id in (select subscriptions_told.subscription_id from subscriptions_told)
),

-- All that these customers have. Of what nobody says whose it is, at least what it is linked with.
subscriptions as (
    select subscription_id from subscriptions_told
    union
    select subscription_id
    from subscription_customers
    where customer_id in (select customers.customer_id from customers)
),

orders_of_customers as (
    select order_id from orders_told
    union
    select order_id
    from order_customers
    where customer_id in (select customers.customer_id from customers)
),

items as (
    select order_item_id from items_told
    union
    select order_item_id
    from item_orders
    where order_id in (select orders_of_customers.order_id from orders_of_customers)
    union
    select order_item_id
    from item_subscriptions
    where subscription_id in (select subscriptions.subscription_id from subscriptions)
),

orders as (
    select order_id from orders_of_customers
    union
    select order_id
    from item_orders
    where order_item_id in (select items.order_item_id from items)
),

everything as (
    select
        'order_item_id' as object_key,
        order_item_id as object_id
    from items
    union all
    select
        'order_id' as object_key,
        order_id as object_id
    from orders
    union all
    select
        'subscription_id' as object_key,
        subscription_id as object_id
    from subscriptions
    union all
    select
        'subscriber_id' as object_key,
        customer_id as object_id
    from customers
    union all
    -- Without a customer, a subscription is a subscriber of its own.
    select
        'subscriber_id' as object_key,
        subscription_id as object_id
    from subscriptions
),

final as (
    select
        object_key,
        object_id,
        {{ build_number() }} as _built_in
    from everything
    -- On a fresh start there is nothing to tell: whoever follows this list then starts afresh as well.
    where object_id is not null and {{ 'true' if is_incremental() else 'false' }}
)

select * from final
