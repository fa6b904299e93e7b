{{ config(materialized='incremental', meta={'follows': 'order_id', 'reach': 'order'}) }}

with

orders as (
    select * from {{ changed_only(ref('int_orders'), 'order_id') }}
),

order_items as (
    select * from {{ changed_only(ref('int_order_items'), 'order_id') }}
),

-- Items that left an order do not count towards it.
contents as (
    select
        order_id,
        count(*) as items,
        count(distinct subscription_id) as subscriptions,
        min(placed_at) as placed_at,
        min(placed_date) as placed_date
    from order_items
    where outcome not in ('missing', 'deleted')
    group by order_id
),

discounts as (
    select * from {{ ref('int_order_discounts') }}
),

joined as (
    select
        orders.*,
        discounts.items_total,
        discounts.items_discount,
        discounts.is_split_known,
        discounts.order_discount,
        coalesce(contents.items, 0) as items,
        coalesce(contents.subscriptions, 0) as subscriptions,
        contents.placed_at,
        contents.placed_date,
        -- An order that everything was moved out of stays listed as unsent. It will never be placed.
        case
            when orders.deleted_at is not null then 'deleted'
            when orders.status_outcome is null then 'unknown'
            when not orders.is_final and orders.items_are_known and contents.order_id is null then 'empty'
            else orders.status_outcome
        end as outcome
    from orders
    left join contents
        on orders.order_id = contents.order_id
    left join discounts
        on orders.order_id = discounts.order_id
),

final as (
    select
        ---------- ids
        order_id,
        customer_id,
        payment_id,
        shipping_address_id,
        merchant_order_id,
        merged_into_order_id,

        ---------- text
        status as order_status,
        outcome,
        -- The answer of the shop is JSON in a string, with its keys in any order, or prose.
        coalesce({{ json_text('rejected_message', 'code') }}, rejected_error_code) as reject_code,
        case
            when {{ is_json_object('rejected_message') }} then {{ json_text('rejected_message', 'message') }}
            else rejected_message
        end as reject_message,
        currency_code,

        ---------- numerics
        status_code as order_status_code,
        items,
        subscriptions,
        tries,
        generic_error_count,
        sub_total,
        tax_total,
        shipping_total,
        discount_total,
        total,
        items_total,
        items_discount,
        case when is_split_known then order_discount end as order_discount,

        ---------- booleans
        coalesce(status = 'send_now', false) as is_send_now,
        is_locked,

        ---------- dates and times
        place_date,
        case when outcome = 'placed' then coalesce(placed_date, place_date) end as placed_date,
        placed_at,
        cancelled_at,
        deleted_at,
        created_at,
        updated_at
    from joined
)

select * from final
