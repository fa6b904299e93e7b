with

customers as (
    select * from {{ ref('stg_ordergroove__customers') }}
),

subscriptions as (
    select * from {{ ref('dim_subscriptions') }}
),

order_items as (
    select * from {{ ref('fct_order_items') }}
),

changes as (
    select * from {{ ref('int_customer_changes') }}
),

as_of as (
    select * from {{ ref('int_as_of') }}
),

lives as (
    select
        customer_id,
        min(created_at) as first_subscribed_at,
        sum(case when is_live then 1 else 0 end) as live_subscriptions,
        count(*) as lifetime_subscriptions
    from subscriptions
    group by customer_id
),

-- Who had no live subscription left, and then had one again, has come back.
past as (
    select
        customer_id,
        max(case event_type when 'cancelled' then occurred_at end) as last_cancelled_at,
        max(
            case when event_type != 'cancelled' and live_after = 1 and customer_change_number > 1 then occurred_at end
        ) as last_returned_at,
        count(case event_type when 'reactivated' then 1 end) as reactivations
    from changes
    group by customer_id
),

-- One-time items count too: they are money of the same customer.
placed as (
    select
        customer_id,
        count(distinct order_id) as orders_placed,
        sum(total_price) as revenue_placed,
        count(distinct currency_code) as currencies,
        max(currency_code) as currency_code
    from order_items
    where outcome = 'placed'
    group by customer_id
),

joined as (
    select
        customers.*,
        lives.first_subscribed_at,
        past.last_cancelled_at,
        {{ datediff(store_date('lives.first_subscribed_at'), 'as_of.as_of_date', 'day') }} as days_subscribed,
        {{ datediff(store_date('past.last_returned_at'), 'as_of.as_of_date', 'day') }} as days_since_return,
        coalesce(past.reactivations, 0) as reactivations,
        cast(coalesce(lives.live_subscriptions, 0) as bigint) as live_subscriptions,
        coalesce(lives.lifetime_subscriptions, 0) as lifetime_subscriptions,
        coalesce(placed.orders_placed, 0) as orders_placed,
        -- Amounts in several currencies do not add up.
        case when coalesce(placed.currencies, 0) <= 1 then coalesce(placed.revenue_placed, 0) end as revenue_placed,
        case when placed.currencies = 1 then placed.currency_code end as currency_code
    from customers
    left join lives
        on customers.customer_id = lives.customer_id
    cross join as_of
    left join past
        on customers.customer_id = past.customer_id
    left join placed
        on customers.customer_id = placed.customer_id
),

final as (
    select
        ---------- ids
        customer_id,

        ---------- text
        email,
        phone_number,
        first_name,
        last_name,
        locale,
        case
            when lifetime_subscriptions = 0 then 'never'
            when live_subscriptions = 0 and last_cancelled_at is null then 'unknown'
            when live_subscriptions = 0 then 'lapsed'
            when days_since_return < {{ var('new_subscriber_days') }} then 'reactivated'
            when days_subscribed < {{ var('new_subscriber_days') }} then 'new'
            else 'active'
        end as subscriber_status,
        currency_code,

        ---------- numerics
        live_subscriptions,
        lifetime_subscriptions,
        orders_placed,
        reactivations,
        {{ money('revenue_placed') }} as revenue_placed,

        ---------- booleans
        live_subscriptions > 0 as is_subscriber,

        ---------- dates and times
        created_at,
        first_subscribed_at,
        last_cancelled_at,
        updated_at
    from joined
)

select * from final
