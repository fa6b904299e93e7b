{%- set member = 'subscription_id' if var('cohort_member') == 'subscription' else 'customer_id' -%}
-- Each subscriber is in one cohort of rpt_cohort_retention, and each order placed for a subscriber is in one row of
-- each unit of age, with its revenue.

with

known as (
    select max(known_until_date) as known_until_date
    from {{ ref('int_subscription_lives') }}
),

subscriptions as (
    select
        periods.subscription_id,
        periods.started_date,
        coalesce(periods.{{ member }}, periods.subscription_id) as member_id,
        case when dimension.origin = 'import' then 1 else 0 end as is_imported
    from {{ ref('fct_subscription_periods') }} as periods
    inner join {{ ref('dim_subscriptions') }} as dimension
        on periods.subscription_id = dimension.subscription_id
    where periods.period_number = 1
),

members as (
    select subscriptions.member_id
    from subscriptions
    inner join known
        on subscriptions.started_date <= known.known_until_date
    group by subscriptions.member_id
    having max(subscriptions.is_imported) = 0 or {{ var('cohorts_hold_imports') }}
),

placed as (
    select
        subscriptions.member_id,
        order_items.order_id,
        sum(order_items.total_price) as revenue
    from {{ ref('fct_order_items') }} as order_items
    inner join subscriptions
        on order_items.subscription_id = subscriptions.subscription_id
    inner join known
        on order_items.placed_date <= known.known_until_date
    where order_items.outcome = 'placed'
    group by subscriptions.member_id, order_items.order_id
),

orders as (
    select
        count(*) as orders,
        coalesce(sum(placed.revenue), 0) as revenue
    from placed
    inner join members
        on placed.member_id = members.member_id
),

sizes as (
    select count(*) as members
    from members
),

units as (
    select 'month' as age_unit
    union all
    select 'order' as age_unit
),

cohorts as (
    select
        age_unit,
        sum(case when age = 0 then cohort_size end) as members,
        sum(orders) as orders,
        -- Null where there are several currencies.
        case when count(*) = count(revenue) then sum(revenue) end as revenue
    from {{ ref('rpt_cohort_retention') }}
    group by age_unit
)

select
    units.age_unit,
    sizes.members,
    cohorts.members as members_in_cohorts,
    orders.orders,
    cohorts.orders as orders_in_cohorts,
    orders.revenue,
    cohorts.revenue as revenue_in_cohorts
from sizes
cross join orders
cross join units
left join cohorts
    on units.age_unit = cohorts.age_unit
where
    (units.age_unit = 'month' and coalesce(cohorts.members, 0) != sizes.members)
    or coalesce(cohorts.orders, 0) != orders.orders
    or cohorts.revenue != orders.revenue
