{{ config(severity='warn', store_failures_as='view', schema='warnings') }}
-- The items of a placed order were placed within a day. Warning only: Ordergroove may show otherwise; all items count
-- on the last of the days.

select
    order_id,
    min(first_placed_at) as first_placed_at,
    max(first_placed_at) as last_placed_at
from {{ ref('int_order_items') }}
where outcome = 'placed'
group by order_id
having {{ datediff('min(first_placed_at)', 'max(first_placed_at)', 'day') }} > 1
