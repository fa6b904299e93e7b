with

subscriptions as (
    select * from {{ ref('int_subscriptions') }}
),

cancel_reasons as (
    select * from {{ ref('cancel_reasons') }}
),

as_of as (
    select * from {{ ref('int_as_of') }}
),

lives as (
    select
        subscription_id,
        count(case event_type when 'reactivated' then 1 end) as reactivations,
        max(case when source = 'XML IMPORT' then 1 else 0 end) = 1 as is_imported
    from {{ ref('int_subscription_changes') }}
    where event_type in ('created', 'reactivated')
    group by subscription_id
),

-- Reactivation overwrites the start, so a life is measured from creation, to cancellation or to what is known.
dated as (
    select
        subscriptions.*,
        round(
            subscriptions.unit_price * subscriptions.quantity * 30.4375 / nullif(subscriptions.interval_days, 0), 2
        ) as monthly_revenue,
        coalesce(lives.reactivations, 0) as reactivations,
        coalesce(lives.is_imported, false) as is_imported,
        {{ store_date('subscriptions.created_at') }} as created_date,
        case
            when subscriptions.is_live then as_of.as_of_date
            else {{ store_date('subscriptions.cancelled_at') }}
        end as last_known_date
    from subscriptions
    cross join as_of
    left join lives
        on subscriptions.subscription_id = lives.subscription_id
),

final as (
    select
        ---------- ids
        dated.subscription_id,
        dated.customer_id,
        dated.product_id,
        dated.payment_id,
        dated.shipping_address_id,
        dated.offer_id,
        dated.merchant_order_id,

        ---------- text
        dated.subscription_type,
        dated.every_period_label as every_period,
        dated.price_basis,
        -- A reason is a code, a bar and words; shops have codes of their own, which only the words explain.
        coalesce(
            cancel_reasons.label,
            nullif(trim({{ split_part('dated.cancel_reason', "'|'", 2) }}), '')
        ) as cancel_reason_label,
        case
            when not dated.is_live and dated.prepaid_renewal_behavior = 'cancel' and dated.prepaid_orders_remaining = 0
                then 'completed'
            when not dated.is_live then coalesce(cancel_reasons.churn_type, 'unknown')
        end as churn_type,
        -- An import leaves no mark in what the API shows; it is known by its webhook only.
        case
            when dated.is_imported then 'import'
            when lower(dated.raw_subscription_type) like 'iu%' then 'upsell'
            when dated.merchant_order_id is not null then 'checkout'
            else 'unknown'
        end as origin,
        dated.known_currency_code as currency_code,

        ---------- numerics
        dated.quantity,
        dated.every,
        cast(dated.interval_days as decimal(18, 4)) as interval_days,
        {{ money('dated.unit_price') }} as unit_price,
        case
            when not dated.is_live then 0
            when dated.is_live then {{ money('dated.monthly_revenue') }}
        end as mrr,
        dated.orders_placed,
        {{ money('dated.revenue_placed') }} as revenue_placed,
        dated.cancel_reason_code,
        dated.prepaid_orders_remaining,
        {{ datediff('dated.created_date', 'dated.last_known_date', 'day') }} as tenure_days,
        dated.reactivations,

        ---------- booleans
        dated.is_live,
        dated.is_prepaid,

        ---------- dates and times
        dated.start_date as started_date,
        dated.next_order_date,
        dated.created_at,
        dated.first_order_at,
        dated.cancelled_at,
        dated.updated_at
    from dated
    left join cancel_reasons
        on dated.cancel_reason_code = cancel_reasons.cancel_reason_code
)

select * from final
