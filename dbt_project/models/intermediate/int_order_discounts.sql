{{ config(materialized='incremental', meta={'follows': 'order_id', 'reach': 'order'}) }}

-- What is taken off an order as a whole: its header counts all discounts, and what its items do not show is this one.
-- Which of its sums Ordergroove takes it off is not documented, so the arithmetic has to prove it: what the items cost,
-- less the discount, with shipping and taxes, is what the order costs. Where it is not, nothing is guessed.

with

orders as (
    select * from {{ ref('int_orders') }}
),

order_items as (
    select
        order_id,
        total_price,
        unit_price * quantity + coalesce(extra_cost, 0) - total_price as discount
    from {{ changed_only(ref('int_order_items'), 'order_id') }}
    where outcome not in ('missing', 'deleted')
),

contents as (
    select
        order_id,
        sum(total_price) as items_total,
        min(total_price) as least_total,
        -- Null where one of the items has no price: then the sum of the others is not theirs.
        case when count(*) = count(discount) then sum(discount) end as items_discount
    from order_items
    group by order_id
),

remainders as (
    select
        contents.order_id,
        contents.items_total,
        contents.items_discount,
        contents.least_total,
        orders.discount_total - contents.items_discount as remainder,
        coalesce(abs(orders.sub_total - contents.items_total) <= 0.01, false) as adds_up,
        orders.total - orders.shipping_total - contents.items_total as rest_of_total,
        coalesce(orders.tax_total, 0) as tax_total
    from contents
    inner join orders
        on contents.order_id = orders.order_id
),

judged as (
    select
        *,
        coalesce(
            case
                when remainder = 0 then adds_up
                -- Less than nothing, or more than the items cost, is no discount on them; and of a line that gives
                -- money back there is no share.
                when remainder between 0 and items_total and least_total >= 0
                    then
                        -- Taxes are in the total, or they are not: the reference leaves them out.
                        abs(rest_of_total + remainder) <= 0.01
                        or abs(rest_of_total + remainder - tax_total) <= 0.01
            end,
            false
        ) as is_split_known
    from remainders
),

final as (
    select
        order_id,
        {{ money('items_total') }} as items_total,
        {{ money('items_discount') }} as items_discount,
        is_split_known,
        {{ money('case when is_split_known then remainder else 0 end') }} as order_discount
    from judged
)

select * from final
