{{ config(severity='warn', store_failures_as='view', schema='warnings') }}
-- A warning, because Ordergroove's own sums may be off; each row here is an order to look at. An order without a
-- sub-total has nothing to be compared with. An order whose items were not pulled yet is not off, only not here yet.

with

orders as (
    select * from {{ ref('fct_orders') }}
    where outcome = 'placed'
),

items as (
    select
        order_id,
        sum(total_price) as items_total
    from {{ ref('fct_order_items') }}
    where outcome = 'placed'
    group by order_id
)

select
    orders.order_id,
    orders.sub_total,
    items.items_total
from orders
left join items
    on orders.order_id = items.order_id
where abs(orders.sub_total - coalesce(items.items_total, 0)) > 0.01
