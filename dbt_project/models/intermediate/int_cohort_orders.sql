-- What was placed for members of cohorts: each order once, with the member's age and the number of the order.

with

members as (
    select * from {{ ref('int_cohort_members') }}
),

order_items as (
    select * from {{ ref('int_order_items') }}
    where outcome = 'placed' and subscription_id is not null
),

orders as (
    select
        members.member_id,
        members.cohort_month,
        members.started_date,
        order_items.order_id,
        min(order_items.placed_date) as placed_date,
        min(order_items.placed_at) as placed_at,
        coalesce(sum(order_items.total_price), 0) as revenue,
        min(order_items.currency_code) as currency_code
    from order_items
    inner join members
        on order_items.subscription_id = members.subscription_id
    where order_items.placed_date <= members.known_until_date
    group by members.member_id, members.cohort_month, members.started_date, order_items.order_id
),

final as (
    select
        member_id,
        cohort_month,
        order_id,
        placed_date,
        revenue,
        currency_code,
        {{ months_of_age('started_date', 'placed_date') }} as age,
        row_number() over (partition by member_id order by placed_date, placed_at, order_id) as order_number
    from orders
)

select * from final
