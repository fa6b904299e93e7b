-- The items' own discounts and their shares of the order's discount add up to the discounts in fct_orders, to the
-- cent.

with

orders as (
    select * from {{ ref('fct_orders') }}
    where order_discount is not null
),

items as (
    select
        order_id,
        sum(discount) as discounts,
        sum(order_discount) as order_discounts
    from {{ ref('fct_order_items') }}
    where outcome not in ('missing', 'deleted')
    group by order_id
)

select
    orders.order_id,
    orders.discount_total,
    items.discounts,
    orders.order_discount,
    items.order_discounts
from orders
inner join items
    on orders.order_id = items.order_id
where
    orders.discount_total != items.discounts + items.order_discounts
    or orders.order_discount != items.order_discounts
