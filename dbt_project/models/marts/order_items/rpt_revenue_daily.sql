with

order_items as (
    select
        *,
        case
            when is_one_time then 'one_time'
            when nth_order_of_subscription = 1 then 'first_recurring'
            else 'recurring'
        end as revenue_type
    from {{ ref('fct_order_items') }}
    where outcome = 'placed'
),

days as (
    select
        placed_date,
        revenue_type,
        currency_code,
        count(distinct order_id) as orders,
        count(*) as items,
        sum(quantity) as units,
        sum(total_price) as revenue,
        sum(discount) as item_discounts,
        sum(order_discount) as order_discounts
    from order_items
    group by placed_date, revenue_type, currency_code
),

final as (
    select
        ---------- ids
        {{ surrogate_key(['placed_date', 'revenue_type', 'currency_code']) }} as revenue_day_id,

        ---------- text
        revenue_type,
        currency_code,

        ---------- numerics
        orders,
        items,
        cast(coalesce(units, 0) as bigint) as units,
        {{ money('coalesce(revenue, 0)') }} as revenue,
        {{ money('coalesce(item_discounts, 0)') }} as item_discounts,
        {{ money('coalesce(order_discounts, 0)') }} as order_discounts,
        {{ money('coalesce(revenue, 0) - coalesce(order_discounts, 0)') }} as net_revenue,

        ---------- dates and times
        placed_date as day_date
    from days
)

select * from final
