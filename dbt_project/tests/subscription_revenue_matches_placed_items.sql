-- The total of dim_subscriptions.revenue_placed equals that of the placed subscription items. It fails if a join
-- duplicates or drops rows.

with

order_items as (
    select * from {{ ref('fct_order_items') }}
    where outcome = 'placed'
),

of_subscriptions as (
    select sum(order_items.total_price) as items_total
    from order_items
    inner join {{ ref('dim_subscriptions') }} as subscriptions
        on order_items.subscription_id = subscriptions.subscription_id
),

in_subscriptions as (
    select sum(revenue_placed) as subscriptions_total
    from {{ ref('dim_subscriptions') }}
)

select
    of_subscriptions.items_total,
    in_subscriptions.subscriptions_total
from of_subscriptions
cross join in_subscriptions
where coalesce(of_subscriptions.items_total, 0) != coalesce(in_subscriptions.subscriptions_total, 0)
