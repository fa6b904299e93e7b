{{ config(materialized='incremental', meta={'follows': 'subscription_id', 'reach': 'subscription'}) }}

with

subscriptions as (
    select * from {{ changed_only(ref('int_known_subscriptions'), 'subscription_id') }}
),

items as (
    select * from {{ changed_only(ref('int_order_items'), 'subscription_id') }}
    where subscription_id is not null
),

products as (
    select * from {{ ref('stg_ordergroove__products') }}
),

every_periods as (
    select * from {{ ref('every_periods') }}
),

-- A subscription has one upcoming item; what is retried from before is open too, but not what comes next. An item whose
-- deletion nobody told of still looks upcoming, but is never seen again: the one seen last is there.
open_items as (
    select *
    from (
        select
            *,
            row_number() over (
                partition by subscription_id
                order by
                    case when order_outcome = 'upcoming' then 0 else 1 end,
                    seen_in_order_at desc nulls last,
                    place_date desc nulls last,
                    order_item_id desc
            ) as freshness
        from items
        where outcome = 'open'
    ) as ranked
    where freshness = 1
),

-- The last as `nth_order_of_subscription` of `fct_order_items` counts.
last_placed_items as (
    select *
    from (
        select
            *,
            row_number() over (
                partition by subscription_id
                order by
                    placed_date desc nulls first,
                    placed_at desc nulls first,
                    order_id desc nulls first,
                    order_item_id desc
            ) as recency
        from items
        where outcome = 'placed'
    ) as ranked
    where recency = 1
),

placed as (
    select
        subscription_id,
        min(placed_at) as first_order_at,
        count(distinct order_id) as orders_placed,
        {{ money('sum(total_price)') }} as revenue_placed
    from items
    where outcome = 'placed'
    group by subscription_id
),

-- What is upcoming of a cancelled subscription has vanished from the store, so it tells neither date nor price.
joined as (
    select
        subscriptions.*,
        coalesce(
            subscriptions.prepaid_orders_per_billing, subscriptions.prepaid_orders_remaining
        ) is not null as is_prepaid,
        every_periods.label as every_period_label,
        coalesce(
            subscriptions.every * every_periods.days, cast(subscriptions.frequency_days as decimal(18, 4))
        ) as interval_days,
        case
            when subscriptions.is_live and open_items.order_outcome = 'upcoming' then open_items.place_date
        end as next_order_date,
        case when subscriptions.is_live then open_items.net_unit_price end as open_item_price,
        last_placed_items.net_unit_price as placed_item_price,
        products.list_price,
        coalesce(
            subscriptions.currency_code, open_items.currency_code, last_placed_items.currency_code
        ) as known_currency_code,
        placed.first_order_at,
        coalesce(placed.orders_placed, 0) as orders_placed,
        coalesce(placed.revenue_placed, 0) as revenue_placed
    from subscriptions
    left join every_periods
        on subscriptions.every_period = every_periods.every_period
    left join open_items
        on subscriptions.subscription_id = open_items.subscription_id
    left join last_placed_items
        on subscriptions.subscription_id = last_placed_items.subscription_id
    left join products
        on subscriptions.product_id = products.product_id
    left join placed
        on subscriptions.subscription_id = placed.subscription_id
),

final as (
    select
        *,
        case
            when price is not null then 'price_lock'
            when open_item_price is not null then 'open_item'
            when placed_item_price is not null then 'last_placed_item'
            when list_price is not null then 'list_price'
            else 'unknown'
        end as price_basis,
        coalesce(
            cast(price as double), open_item_price, placed_item_price, cast(list_price as double)
        ) as unit_price
    from joined
)

select * from final
