-- Each order has at least as many rows in fct_placement_attempts as it has tries. More are valid where an event or
-- the log is newer than the pulled order.

with

attempts as (
    select
        order_id,
        count(*) as attempts
    from {{ ref('fct_placement_attempts') }}
    group by order_id
)

select
    orders.order_id,
    orders.tries,
    attempts.attempts
from {{ ref('fct_orders') }} as orders
left join attempts
    on orders.order_id = attempts.order_id
where coalesce(attempts.attempts, 0) < coalesce(orders.tries, 0)
