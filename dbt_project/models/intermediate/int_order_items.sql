with

items as (
    select * from {{ ref('stg_ordergroove__items') }}
),

orders as (
    select * from {{ ref('int_orders') }}
),

-- An item has no time of its own, only its order's. When the order was updated, every item in it was listed again with
-- the new time. An item that still shows an older time was no longer in the order: it was removed, and will not come.
-- Without this, an item that was removed from a box would earn money when the rest of the box is placed.
joined as (
    select
        items.*,
        orders.customer_id,
        orders.currency_code,
        orders.place_date,
        orders.status_outcome as order_outcome,
        case
            when orders.order_id is null then 'unknown'
            when orders.items_are_known and items.order_updated_at < orders.updated_at then 'missing'
            else coalesce(orders.item_outcome, 'unknown')
        end as outcome
    from items
    left join orders
        on items.order_id = orders.order_id
),

-- All items of an order are placed at one moment.
dated as (
    select
        *,
        case
            when outcome = 'placed' then min(first_placed_at) over (partition by order_id, outcome)
        end as placed_at,
        cast(total_price as double) / nullif(quantity, 0) as net_unit_price
    from joined
),

with_placed_date as (
    select
        *,
        case
            when outcome = 'placed' then coalesce({{ store_date('placed_at') }}, place_date)
        end as placed_date
    from dated
),

final as (
    select
        *,
        case
            when outcome = 'placed' and subscription_id is not null
                then dense_rank() over (
                    partition by subscription_id, outcome
                    order by placed_date, placed_at, order_id
                )
        end as nth_order_of_subscription
    from with_placed_date
)

select * from final
