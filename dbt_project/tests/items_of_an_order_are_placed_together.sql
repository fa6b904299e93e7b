{{ config(severity='warn', store_failures_as='view', schema='warnings') }}
-- A warning, because Ordergroove tells so: each row here is a placed order whose items say days that are far apart. All
-- that is in it counts on the last of them.

select
    order_id,
    min(first_placed_at) as first_placed_at,
    max(first_placed_at) as last_placed_at
from {{ ref('int_order_items') }}
where outcome = 'placed'
group by order_id
having {{ datediff('min(first_placed_at)', 'max(first_placed_at)', 'day') }} > 1
