{{ config(severity='warn', store_failures_as='view', schema='warnings') }}
-- A warning, because Ordergroove's own totals may be off; each row here is an order whose header may hide a discount
-- that no item shows. Its items are marked `unknown`.

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
