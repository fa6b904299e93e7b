-- Revenue, net revenue and items agree between rpt_revenue_daily, fct_order_items and fct_orders in each currency.

with

days as (
    select
        coalesce(currency_code, '') as currency_code,
        sum(revenue) as revenue,
        sum(net_revenue) as net_revenue,
        sum(items) as items
    from {{ ref('rpt_revenue_daily') }}
    group by coalesce(currency_code, '')
),

order_items as (
    select
        coalesce(currency_code, '') as currency_code,
        coalesce(sum(total_price), 0) as revenue,
        coalesce(sum(total_price), 0) - sum(order_discount) as net_revenue,
        count(*) as items
    from {{ ref('fct_order_items') }}
    where outcome = 'placed'
    group by coalesce(currency_code, '')
),

orders as (
    select
        coalesce(currency_code, '') as currency_code,
        coalesce(sum(items_total), 0) as revenue,
        coalesce(sum(items_total), 0) - coalesce(sum(order_discount), 0) as net_revenue,
        sum(items) as items
    from {{ ref('fct_orders') }}
    where outcome = 'placed' and items > 0
    group by coalesce(currency_code, '')
)

select
    coalesce(days.currency_code, order_items.currency_code, orders.currency_code) as currency_code,
    days.revenue as revenue_of_days,
    order_items.revenue as revenue_of_items,
    orders.revenue as revenue_of_orders
from order_items
full outer join days
    on order_items.currency_code = days.currency_code
full outer join orders
    on order_items.currency_code = orders.currency_code
where
    coalesce(days.revenue, -1) != coalesce(order_items.revenue, -1)
    or coalesce(days.revenue, -1) != coalesce(orders.revenue, -1)
    or coalesce(days.net_revenue, -1) != coalesce(order_items.net_revenue, -1)
    or coalesce(days.net_revenue, -1) != coalesce(orders.net_revenue, -1)
    or coalesce(days.items, -1) != coalesce(order_items.items, -1)
    or coalesce(days.items, -1) != coalesce(orders.items, -1)
