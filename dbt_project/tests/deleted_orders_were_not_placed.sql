{{ config(severity='warn', store_failures_as='view', schema='warnings') }}
-- No placed order was deleted afterwards. Warning only: such an order is in no revenue. Check in the shop, by
-- merchant_order_id, whether that is right.

select
    orders.order_id,
    orders.merchant_order_id,
    orders.deleted_at,
    orders.sub_total
from {{ ref('fct_orders') }} as orders
inner join {{ ref('order_statuses') }} as statuses
    on orders.order_status_code = statuses.status_code
where orders.outcome = 'deleted' and statuses.outcome = 'placed'
