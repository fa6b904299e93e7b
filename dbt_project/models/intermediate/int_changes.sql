{{ config(materialized='incremental', post_hook="{{ forget_followed_changes() }}") }}

-- Whose history may be another one, by the rows that came since the last build: what they tell of, and all that hangs
-- together with it. How much that is depends on the reach: by orders and items alone it is little; by subscriptions,
-- all that these got; by customers, which other subscriptions they have. Models look from one listed row at others: for
-- each reach the list is closed.

with recursive

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

new_attempts as (
    select * from {{ new_only(ref('stg_ordergroove__billing_attempts')) }}
),

new_tries as (
    select * from {{ new_only(ref('stg_ordergroove__order_tries')) }}
),

new_incentives as (
    select * from {{ new_only(ref('stg_ordergroove__one_time_incentives')) }}
),

-- Until when an attempt was logged, its window tells, which may be recorded later.
new_log_windows as (
    select {{ window_label() }} as window_label
    from {{ new_only(ref('stg_lake__pulls')) }}
    where object_name = 'billing_attempts'
),

attempts as (
    select * from {{ ref('stg_ordergroove__billing_attempts') }}
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

orders as (
    select * from {{ ref('stg_ordergroove__orders') }}
),

items as (
    select * from {{ ref('stg_ordergroove__items') }}
),

places as (
    select * from {{ ref('stg_ordergroove__item_places') }}
),

item_events as (
    select * from {{ ref('stg_ordergroove__item_events') }}
),

versions as (
    select * from {{ ref('stg_ordergroove__subscription_versions') }}
),

subscription_events as (
    select * from {{ ref('stg_ordergroove__subscription_events') }}
),

deletion_evidence as (
    select * from {{ ref('int_deletion_evidence') }}
),

known_items as (
    select *
    from {{ as_built_before('intermediate', 'int_known_items', ['order_item_id', 'order_id', 'subscription_id']) }}
),

known_subscriptions as (
    select * from {{ as_built_before('intermediate', 'int_known_subscriptions', ['subscription_id', 'customer_id']) }}
),

finished_items as (
    select * from {{ as_built_before('marts', 'fct_order_items', ['order_item_id', 'incentive_codes']) }}
),

items_that_came_again as (
    select order_item_id from new_items
    union all
    select order_item_id from new_item_events
),

subscriptions_that_came_again as (
    select subscription_id from new_versions
    union all
    select subscription_id from new_subscription_events
),

-- What came again may belong elsewhere now, and no row tells any more where it was: the last build knows. An incentive
-- that was taken off names neither item nor order; all of them are pulled each time.
left_behind as (
    select order_id as object_id
    from known_items
    where order_item_id in (select came_again.order_item_id from items_that_came_again as came_again)
    union all
    select subscription_id as object_id
    from known_items
    where order_item_id in (select came_again.order_item_id from items_that_came_again as came_again)
    union all
    select customer_id as object_id
    from known_subscriptions
    where subscription_id in (select came_again.subscription_id from subscriptions_that_came_again as came_again)
    union all
    select order_item_id as object_id
    from finished_items
    where incentive_codes is not null and (select count(*) from new_incentives) > 0
),

-- What the new rows tell of.
told as (
    select order_item_id as object_id from new_items
    union
    select order_item_id as object_id from new_places
    union
    select order_item_id as object_id from new_item_events
    union
    select order_id as object_id from new_orders
    union
    select order_id as object_id from new_order_events
    union
    select subscription_id as object_id from new_subscriptions
    union
    select subscription_id as object_id from new_versions
    union
    select subscription_id as object_id from new_subscription_events
    union
    select object_id from new_checks
    union
    select order_id as object_id from new_attempts
    union
    select order_id as object_id from new_tries
    union
    select order_id as object_id from new_incentives
    union
    select order_item_id as object_id from new_incentives
    union
    select object_id from left_behind
    union
    select order_id as object_id
    from attempts
    where first_window in (select new_log_windows.window_label from new_log_windows)
    union
    select orders.order_id as object_id
    from orders
    inner join new_item_windows as windows
        on orders.updated_at between windows.from_at and windows.until_at
    union
    select order_item_id as object_id
    from items
    where product_id in (select new_prices.product_id from new_prices)
    union
    select order_item_id as object_id
    from item_events
    where product_id in (select new_prices.product_id from new_prices)
    union
    select subscription_id as object_id
    from versions
    where product_id in (select new_prices.product_id from new_prices)
    union
    select subscription_id as object_id
    from subscription_events
    where product_id in (select new_prices.product_id from new_prices)
),

-- What belongs to what, and did. Ids of different kinds are different; if two were the same, more would be listed.
belongings as (
    select
        order_item_id as object_id,
        order_id as belongs_to,
        'order' as reach
    from places
    union all
    select
        order_item_id as object_id,
        order_id as belongs_to,
        'order' as reach
    from item_events
    union all
    select
        order_item_id as object_id,
        subscription_id as belongs_to,
        'subscription' as reach
    from items
    union all
    select
        order_item_id as object_id,
        subscription_id as belongs_to,
        'subscription' as reach
    from item_events
    union all
    select
        subscription_id as object_id,
        customer_id as belongs_to,
        'customer' as reach
    from versions
    union all
    select
        subscription_id as object_id,
        customer_id as belongs_to,
        'customer' as reach
    from subscription_events
),

links as (
    select
        object_id as from_id,
        belongs_to as to_id,
        reach
    from belongings
    where object_id is not null and belongs_to is not null
    union all
    select
        belongs_to as from_id,
        object_id as to_id,
        reach
    from belongings
    where object_id is not null and belongs_to is not null
    union all
    -- Why an order was deleted, and what was lost by it, anything may tell that the subscriptions in it got: that is
    -- news of the order itself.
    select
        object_id as from_id,
        object_id as to_id,
        'told' as reach
    from deletion_evidence
    where object_type = 'order'
),

-- On a fresh start nothing is listed: whoever follows the list starts afresh as well.
listed as (
    select
        object_id,
        'order' as reach
    from told
    where object_id is not null and {{ 'true' if is_incremental() else 'false' }}
    union
    select
        links.to_id as object_id,
        case links.reach when 'told' then 'order' when 'order' then listed.reach else links.reach end as reach
    from listed
    inner join links
        on listed.object_id = links.from_id
    -- Who looks at a customer's other subscriptions does not look at what these got.
    where listed.reach != 'customer' or links.reach = 'customer'
),

final as (
    select
        object_id,
        reach,
        {{ build_number() }} as _built_in
    from listed
)

select * from final
