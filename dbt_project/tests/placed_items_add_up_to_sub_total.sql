{{ config(severity='warn', store_failures_as='view', schema='warnings') }}
-- The placed items of an order add up to its sub_total, within 0.01. Warning only: Ordergroove's totals may be wrong.
-- Orders without a sub_total are exempt.

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
