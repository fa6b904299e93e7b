{{ config(
    materialized='incremental',
    meta={'follows': 'subscription_id', 'reach': 'subscription', 'reads_whole': ['int_only_currency']}
) }}

with

pulled as (
    select * from {{ ref('stg_ordergroove__subscriptions') }}
),

events as (
    select * from {{ ref('stg_ordergroove__subscription_events') }}
),

only_currency as (
    select * from {{ ref('int_only_currency') }}
),

-- The state is that of the last sighting, whichever world it is from.
newest as (
    select *
    from (
        select
            *,
            row_number() over (partition by subscription_id order by sighting_number desc) as recency
        from {{ changed_only(ref('int_subscription_states'), 'subscription_id') }}
    ) as ranked
    where recency = 1
),

joined as (
    select
        newest.*,
        events.offer_id as told_offer_id,
        events.merchant_order_id as told_merchant_order_id,
        events.frequency_days as told_frequency_days,
        events.prepaid_orders_per_billing as told_prepaid_orders_per_billing,
        events.updated_at as told_updated_at,
        newest.event_id is not null and coalesce(events.quantity, events.every) is not null as is_told_whole
    from newest
    left join events
        on newest.event_id = events.event_id
),

final as (
    select
        ---------- ids
        joined.subscription_id,
        joined.customer_id,
        joined.product_id,
        joined.payment_id,
        joined.shipping_address_id,
        coalesce(joined.told_offer_id, pulled.offer_id) as offer_id,
        coalesce(joined.told_merchant_order_id, pulled.merchant_order_id) as merchant_order_id,

        ---------- text
        pulled.subscription_type,
        pulled.raw_subscription_type,
        case
            when joined.is_live then null
            when joined.cancel_reason is not null or pulled.is_live then joined.cancel_reason
            else pulled.cancel_reason
        end as cancel_reason,
        coalesce(pulled.currency_code, only_currency.only_currency_code) as currency_code,
        case when joined.is_told_whole then joined.prepaid_renewal_behavior else pulled.prepaid_renewal_behavior end
            as prepaid_renewal_behavior,

        ---------- numerics
        joined.quantity,
        nullif(joined.known_price, -1) as price,
        joined.every,
        joined.every_period,
        case when joined.is_told_whole then joined.told_frequency_days else pulled.frequency_days end as frequency_days,
        case
            when joined.is_live then null
            when joined.cancel_reason_code is not null or pulled.is_live then joined.cancel_reason_code
            else pulled.cancel_reason_code
        end as cancel_reason_code,
        case
            when joined.is_told_whole then joined.told_prepaid_orders_per_billing
            else pulled.prepaid_orders_per_billing
        end as prepaid_orders_per_billing,
        case when joined.is_told_whole then joined.prepaid_orders_remaining else pulled.prepaid_orders_remaining end
            as prepaid_orders_remaining,

        ---------- booleans
        joined.is_live,

        ---------- dates and times
        coalesce(joined.start_date, joined.start_date_before) as start_date,
        case when not joined.is_live then coalesce(joined.cancelled_at, joined.cancelled_at_before) end as cancelled_at,
        joined.created_at,
        coalesce(joined.told_updated_at, pulled.updated_at) as updated_at
    from joined
    cross join only_currency
    left join pulled
        on joined.subscription_id = pulled.subscription_id
)

select * from final
