{{ config(materialized='incremental', meta={'follows': 'member_id', 'reach': 'customer'}) }}

-- What was placed for the subscriptions of whoever cohorts may count: each order once, with the age and its number.
-- Whom they do count, and until when, is another matter each day: see `int_cohort_members`.

with

subscriptions as (
    select
        subscription_id,
        {% if var('cohort_member') == 'subscription' %}subscription_id{% else %}coalesce(customer_id, subscription_id){% endif %}
            as member_id,
        {{ store_date('started_at') }} as started_date
    from {{ changed_only(ref('int_subscription_periods'), 'subscription_id') }}
    where period_number = 1
),

members as (
    select
        member_id,
        min(started_date) as started_date
    from subscriptions
    group by member_id
),

order_items as (
    select * from {{ changed_only(ref('int_order_items'), 'subscription_id') }}
    where outcome = 'placed' and subscription_id is not null
),

orders as (
    select
        subscriptions.member_id,
        order_items.order_id,
        min(order_items.placed_date) as placed_date,
        min(order_items.placed_at) as placed_at,
        {{ money('coalesce(sum(order_items.total_price), 0)') }} as revenue,
        min(order_items.currency_code) as currency_code
    from order_items
    inner join subscriptions
        on order_items.subscription_id = subscriptions.subscription_id
    group by subscriptions.member_id, order_items.order_id
),

final as (
    select
        orders.member_id,
        {{ month_of('members.started_date') }} as cohort_month,
        orders.order_id,
        orders.placed_date,
        orders.revenue,
        orders.currency_code,
        {{ months_of_age('members.started_date', 'orders.placed_date') }} as age,
        row_number() over (
            partition by orders.member_id order by orders.placed_date, orders.placed_at, orders.order_id
        ) as order_number
    from orders
    inner join members
        on orders.member_id = members.member_id
)

select * from final
