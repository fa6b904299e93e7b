{{ config(materialized='incremental', meta={'follows': 'subscription_id', 'reach': 'subscription'}) }}

-- What became of the orders of a subscription: placed, rejected, or skipped. An order is skipped as a whole (it is
-- cancelled before it is placed), or the item goes exactly one interval on.

with

order_items as (
    select * from {{ changed_only(ref('int_order_items'), 'subscription_id') }}
    where subscription_id is not null
),

orders as (
    select * from {{ changed_only(ref('int_orders'), 'order_id') }}
),

order_events as (
    select * from {{ changed_only(ref('stg_ordergroove__order_events'), 'order_id') }}
    where event_type in ('order.success', 'order.reject', 'order.skip_order') and happened_at is not null
),

item_events as (
    select * from {{ changed_only(ref('stg_ordergroove__item_events'), 'order_item_id') }}
    where order_item_id is not null and order_id is not null and happened_at is not null
),

periods as (
    select * from {{ changed_only(ref('int_subscription_periods'), 'subscription_id') }}
),

contents as (
    select
        subscription_id,
        order_id,
        case outcome when 'placed' then 'order_placed' when 'rejected' then 'order_rejected' else 'order_skipped' end
            as event_type,
        max(customer_id) as customer_id,
        min(placed_at) as placed_at,
        min(place_date) as place_date
    from order_items
    where outcome in ('placed', 'rejected', 'cancelled')
    group by
        subscription_id,
        order_id,
        case outcome when 'placed' then 'order_placed' when 'rejected' then 'order_rejected' else 'order_skipped' end
),

-- Of several events the first: an end comes once.
told as (
    select *
    from (
        select
            order_id,
            happened_at,
            event_id,
            actor_type,
            case event_type
                when 'order.success' then 'order_placed'
                when 'order.reject' then 'order_rejected'
                else 'order_skipped'
            end as event_type,
            row_number() over (partition by order_id, event_type order by happened_at, event_id) as nth
        from order_events
    ) as ranked
    where nth = 1
),

ended as (
    select
        contents.subscription_id,
        contents.customer_id,
        contents.order_id,
        contents.event_type,
        coalesce(told.happened_at, contents.placed_at, orders.cancelled_at, orders.updated_at) as occurred_at,
        coalesce(
            told.happened_at, contents.placed_at, orders.cancelled_at, orders.created_at, orders.updated_at
        ) as not_before_at,
        case
            when told.event_id is not null then 'webhook'
            when coalesce(contents.placed_at, orders.cancelled_at) is not null then 'field'
            else 'poll_diff'
        end as evidence,
        told.event_id,
        told.actor_type,
        cast(null as date) as place_date_before,
        contents.place_date
    from contents
    left join orders
        on contents.order_id = orders.order_id
    left join told
        on contents.order_id = told.order_id and contents.event_type = told.event_type
    -- A merged order is closed like a cancelled one, but its items are placed in another. What was tried was not
    -- skipped.
    where
        contents.event_type != 'order_skipped'
        or (orders.status = 'cancelled' and coalesce(orders.tries, 0) = 0)
),

-- Where an item was before it moved, its earlier events tell.
travelled as (
    select
        *,
        lag(order_id) over (partition by order_item_id order by happened_at, event_id) as order_id_before
    from item_events
),

moved as (
    select
        travelled.subscription_id,
        travelled.customer_id,
        travelled.order_id,
        travelled.happened_at,
        travelled.event_id,
        travelled.actor_type,
        orders_before.place_date as place_date_before,
        orders.place_date
    from travelled
    inner join orders as orders_before
        on travelled.order_id_before = orders_before.order_id
    inner join orders
        on travelled.order_id = orders.order_id
    where
        travelled.event_type = 'item.change_order'
        and travelled.subscription_id is not null
        and orders.place_date > orders_before.place_date
),

skipped as (
    select
        moved.subscription_id,
        moved.customer_id,
        moved.order_id,
        'order_skipped' as event_type,
        moved.happened_at as occurred_at,
        moved.happened_at as not_before_at,
        'webhook' as evidence,
        moved.event_id,
        moved.actor_type,
        moved.place_date_before,
        moved.place_date
    from moved
    inner join periods
        on
            moved.subscription_id = periods.subscription_id
            and moved.happened_at >= periods.started_at
            and (periods.ended_at is null or moved.happened_at < periods.ended_at)
    where
        moved.place_date = case periods.every_period
            when 1 then {{ days_later('moved.place_date_before', 'periods.every') }}
            when 2 then {{ days_later('moved.place_date_before', '7 * periods.every') }}
            when 3 then {{ months_later('moved.place_date_before', 'periods.every') }}
            when 4 then {{ months_later('moved.place_date_before', '12 * periods.every') }}
        end
),

final as (
    select
        *,
        occurred_at as not_after_at
    from ended
    where occurred_at is not null
    union all
    select
        *,
        occurred_at as not_after_at
    from skipped
)

select * from final
