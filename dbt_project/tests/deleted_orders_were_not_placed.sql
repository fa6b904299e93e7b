{{ config(severity='warn', store_failures_as='view', schema='warnings') }}
-- A warning, because Ordergroove tells so: each row here is an order that was placed, and was deleted after it. Its
-- revenue is in no sum any more; the shop's own order (`merchant_order_id`) tells whether that is right.

select
    orders.order_id,
    orders.merchant_order_id,
    orders.deleted_at,
    orders.sub_total
from {{ ref('fct_orders') }} as orders
inner join {{ ref('order_statuses') }} as statuses
    on orders.order_status_code = statuses.status_code
where orders.outcome = 'deleted' and statuses.outcome = 'placed'
