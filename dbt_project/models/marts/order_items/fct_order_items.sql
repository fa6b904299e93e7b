{{ config(materialized='incremental', meta={'follows': 'order_item_id', 'reach': 'subscription'}) }}

{#- Ordergroove may name no product of what is still to come; then it is what its subscription is of. -#}
{%- set product_id -%}
    coalesce(order_items.product_id, case when order_items.outcome = 'open' then subscriptions.product_id end)
{%- endset -%}

{%- set discount -%}
    order_items.unit_price * order_items.quantity + coalesce(order_items.extra_cost, 0) - order_items.total_price
{%- endset -%}

with

order_items as (
    select
        *,
        case
            when outcome = 'placed' and subscription_id is not null
                then dense_rank() over (
                    partition by subscription_id, outcome
                    order by placed_date, placed_at, order_id
                )
        end as nth_order_of_subscription
    from {{ changed_only(ref('int_order_items'), 'order_item_id') }}
),

subscriptions as (
    select * from {{ ref('int_subscriptions') }}
),

products as (
    select * from {{ ref('stg_ordergroove__products') }}
),

moves as (
    select
        order_item_id,
        count(*) as moves,
        min(case when move_number = 1 then from_order_id end) as first_order_id
    from {{ ref('int_item_moves') }}
    group by order_item_id
),

discounts as (
    select * from {{ ref('int_item_discounts') }}
),

incentives as (
    select * from {{ ref('int_item_incentives') }}
),

final as (
    select
        ---------- ids
        order_items.order_item_id,
        order_items.order_id,
        coalesce(moves.first_order_id, order_items.order_id) as first_order_id,
        order_items.subscription_id,
        order_items.customer_id,
        {{ product_id }} as product_id,
        order_items.offer_id,

        ---------- text
        order_items.outcome,
        order_items.currency_code,
        -- Where the order's header is at odds with its items, it may hide a discount that no item shows.
        case
            when not coalesce(discounts.is_split_known, true) or {{ discount }} is null then 'unknown'
            -- What is in no order any more, or in one that nobody knows, has no header to ask.
            when order_items.outcome in ('missing', 'deleted', 'unknown') then 'unknown'
            when discounts.order_discount > 0 and {{ discount }} != 0 then 'item_and_order'
            when discounts.order_discount > 0 then 'order'
            when {{ discount }} != 0 then 'item'
            else 'none'
        end as discount_basis,
        incentives.incentive_codes,

        ---------- numerics
        order_items.nth_order_of_subscription,
        coalesce(moves.moves, 0) as moves,
        order_items.quantity,
        order_items.unit_price,
        products.list_price,
        {{ money(discount) }} as discount,
        order_items.total_price,
        coalesce(discounts.order_discount, 0) as order_discount,
        {{ money('order_items.total_price - coalesce(discounts.order_discount, 0)') }} as net_price,
        coalesce(incentives.item_incentives, 0) as item_incentives,
        coalesce(incentives.order_incentives, 0) as order_incentives,

        ---------- booleans
        order_items.subscription_id is null as is_one_time,
        coalesce(subscriptions.is_prepaid, false) as is_prepaid,
        order_items.is_frozen,

        ---------- dates and times
        order_items.place_date,
        order_items.placed_date,
        order_items.placed_at,
        order_items.deleted_at,
        order_items.order_updated_at
    from order_items
    left join subscriptions
        on order_items.subscription_id = subscriptions.subscription_id
    left join products
        on {{ product_id }} = products.product_id
    left join moves
        on order_items.order_item_id = moves.order_item_id
    left join discounts
        on order_items.order_item_id = discounts.order_item_id
    left join incentives
        on order_items.order_item_id = incentives.order_item_id
)

select * from final
