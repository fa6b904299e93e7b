{{ config(materialized='incremental', meta={'follows': 'order_item_id', 'reach': 'order'}) }}

-- Shares of items in what is taken off their order as a whole, by what they cost, in whole cents that add up to it:
-- each gets its share rounded down, and the cents that are left go to the largest remainders, and among equals by id.
-- Only items of which there is something to say are here: its cost follows how many such discounts there are, and not
-- how much is sold.

with

order_discounts as (
    select * from {{ changed_only(ref('int_order_discounts'), 'order_id') }}
    where order_discount > 0 or not is_split_known
),

order_items as (
    select * from {{ changed_only(ref('int_order_items'), 'order_id') }}
    where outcome not in ('missing', 'deleted')
),

in_cents as (
    select
        order_items.order_item_id,
        order_items.order_id,
        order_discounts.is_split_known,
        cast(100 * order_discounts.order_discount as bigint) as discount_cents,
        cast(100 * coalesce(order_items.total_price, 0) as bigint) as item_cents,
        cast(100 * coalesce(order_discounts.items_total, 0) as bigint) as items_cents
    from order_items
    inner join order_discounts
        on order_items.order_id = order_discounts.order_id
),

-- Whole numbers all the way: a quotient of floating point may fall on the wrong side of a cent.
shares as (
    select
        *,
        case when discount_cents > 0 then mod(discount_cents * item_cents, items_cents) else 0 end as rest
    from in_cents
),

rounded_down as (
    select
        *,
        case
            when discount_cents > 0 then cast((discount_cents * item_cents - rest) / items_cents as bigint)
            else 0
        end as share_cents
    from shares
),

ranked as (
    select
        *,
        discount_cents - sum(share_cents) over (partition by order_id) as cents_left,
        row_number() over (partition by order_id order by rest desc, order_item_id asc) as turn
    from rounded_down
),

final as (
    select
        order_item_id,
        is_split_known,
        {{ money('(share_cents + case when turn <= cents_left then 1 else 0 end) / 100.0') }} as order_discount
    from ranked
)

select * from final
