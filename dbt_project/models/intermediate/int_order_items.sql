{{ config(materialized='incremental', meta={'follows': 'order_item_id', 'reach': 'order'}) }}

with

items as (
    select * from {{ changed_only(ref('int_known_items'), 'order_item_id') }}
),

orders as (
    select * from {{ ref('int_orders') }}
),

-- An item has no time of its own, only its order's. When the order was updated, every item in it was listed again with
-- the new time. An item that was last seen in it before that was no longer in the order, and will not come. Without
-- this, an item that was removed from a box would earn money when the rest of the box is placed.
joined as (
    select
        items.*,
        orders.currency_code,
        orders.place_date,
        orders.status_outcome as order_outcome,
        coalesce(orders.customer_id, items.told_customer_id) as customer_id,
        case
            when items.deleted_at is not null then 'deleted'
            when orders.order_id is null then 'unknown'
            -- An item may have left the order before it was deleted, and the event that tells where to may be lost.
            when orders.deleted_at is not null then 'missing'
            when orders.items_are_known and items.seen_in_order_at < orders.updated_at then 'missing'
            -- The census is of open items: what was placed or cancelled left it in a natural way.
            when items.missed_at is not null and orders.item_outcome = 'open' then 'missing'
            else coalesce(orders.item_outcome, 'unknown')
        end as outcome
    from items
    left join orders
        on items.order_id = orders.order_id
),

-- All items of an order are placed at one moment, and what was placed before it came to the order bears an older one.
dated as (
    select
        *,
        case
            when outcome = 'placed' then max(first_placed_at) over (partition by order_id, outcome)
        end as placed_at,
        cast(total_price as double) / nullif(quantity, 0) as net_unit_price
    from joined
),

final as (
    select
        *,
        case
            when outcome = 'placed' then coalesce({{ store_date('placed_at') }}, place_date)
        end as placed_date
    from dated
)

select * from final
