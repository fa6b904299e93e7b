{{ config(materialized='incremental', meta={'follows': 'subscription_id', 'reach': 'subscription'}) }}

with

periods as (
    select * from {{ changed_only(ref('int_subscription_periods'), 'subscription_id') }}
),

subscriptions as (
    select * from {{ ref('int_subscriptions') }}
),

order_items as (
    select * from {{ changed_only(ref('int_order_items'), 'subscription_id') }}
    where subscription_id is not null and net_unit_price is not null
),

products as (
    select * from {{ ref('stg_ordergroove__products') }}
),

every_periods as (
    select * from {{ ref('every_periods') }}
),

-- The price of then, of the same product: of what was placed last in the period; of what was listed and never came; of
-- what was placed before, or else after.
offers as (
    select
        periods.subscription_id,
        periods.period_number,
        order_items.net_unit_price,
        case
            when order_items.outcome != 'placed' then 2
            when order_items.placed_at < periods.started_at then 3
            when order_items.placed_at >= periods.ended_at then 4
            else 1
        end as distance,
        order_items.outcome,
        order_items.placed_at,
        order_items.seen_in_order_at,
        order_items.order_item_id
    from periods
    inner join order_items
        on
            periods.subscription_id = order_items.subscription_id
            and periods.product_id = order_items.product_id
    where periods.is_live and periods.ended_at is not null and periods.price is null
),

ranked as (
    select
        *,
        row_number() over (
            partition by subscription_id, period_number
            order by
                distance asc,
                case when distance = 4 then placed_at end asc,
                coalesce(placed_at, seen_in_order_at) desc nulls last,
                order_item_id asc
        ) as nearness
    from offers
),

-- The open period is the present, whose price is known better.
priced as (
    select
        periods.*,
        subscriptions.known_currency_code,
        every_periods.label as every_period_label,
        case
            when periods.every is null then subscriptions.interval_days
            else periods.every * every_periods.days
        end as interval_days,
        case
            when periods.ended_at is null then subscriptions.unit_price
            else coalesce(cast(periods.price as double), ranked.net_unit_price, cast(products.list_price as double))
        end as unit_price,
        case
            when periods.ended_at is null then subscriptions.price_basis
            when periods.price is not null then 'price_lock'
            when ranked.outcome = 'placed' then 'last_placed_item'
            when ranked.outcome is not null then 'open_item'
            when products.list_price is not null then 'list_price'
            else 'unknown'
        end as price_basis
    from periods
    inner join subscriptions
        on periods.subscription_id = subscriptions.subscription_id
    left join ranked
        on
            periods.subscription_id = ranked.subscription_id
            and periods.period_number = ranked.period_number
            and ranked.nearness = 1
    left join products
        on periods.product_id = products.product_id
    left join every_periods
        on periods.every_period = every_periods.every_period
),

final as (
    select
        ---------- ids
        {{ surrogate_key(['subscription_id', 'period_number']) }} as subscription_period_id,
        subscription_id,
        customer_id,
        product_id,

        ---------- text
        case when is_live then 'live' else 'cancelled' end as state,
        every_period_label as every_period,
        price_basis,
        case when not_before_at = not_after_at then 'exact' else 'bounded' end as precision,
        known_currency_code as currency_code,

        ---------- numerics
        period_number,
        quantity,
        every,
        {{ money('unit_price') }} as unit_price,
        case
            when is_live
                then {{ money('round(unit_price * quantity * 30.4375 / nullif(interval_days, 0), 2)') }}
            else 0
        end as mrr,

        ---------- dates and times
        {{ store_date('started_at') }} as started_date,
        {{ store_date('ended_at') }} as ended_date,
        started_at,
        ended_at,
        not_before_at,
        not_after_at,
        seen_until_at
    from priced
)

select * from final
