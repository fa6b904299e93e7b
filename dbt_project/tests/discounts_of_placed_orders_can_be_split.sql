{{ config(severity='warn', store_failures_as='view', schema='warnings') }}
-- The discounts of each placed order can be split between its items and the order. Warning only: Ordergroove's totals
-- may not agree; the items have the discount_basis unknown.

select
    order_id,
    sub_total,
    items_total,
    discount_total,
    items_discount
from {{ ref('fct_orders') }}
where
    outcome = 'placed'
    and items_total is not null
    and discount_total is not null
    and order_discount is null
