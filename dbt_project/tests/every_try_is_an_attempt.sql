-- As many attempts as the order counts. More, where an event or the log is newer than the order that was pulled.

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
