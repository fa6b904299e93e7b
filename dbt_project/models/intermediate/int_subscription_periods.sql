{{ config(materialized='incremental', meta={'follows': 'subscription_id', 'reach': 'subscription'}) }}

-- The states of a subscription, one after the other. What changed at one moment is one change.

with

changes as (
    select * from {{ changed_only(ref('int_subscription_changes'), 'subscription_id') }}
    where
        event_type in (
            'created', 'cancelled', 'reactivated', 'product_changed', 'quantity_changed', 'frequency_changed',
            'price_changed'
        )
),

moments as (
    select
        subscription_id,
        occurred_at,
        max(customer_id) as customer_id,
        max(last_seen_at) as last_seen_at,
        min(not_before_at) as not_before_at,
        max(greatest(not_after_at, coalesce(state_seen_from_at, not_after_at))) as not_after_at,
        min(before_seen_until_at) as before_seen_until_at,
        {{ newest_known('is_live', by='change_number') }} as is_live,
        {{ newest_known('product_id', by='change_number') }} as product_id,
        {{ newest_known('quantity', by='change_number') }} as quantity,
        {{ newest_known('every', by='change_number') }} as every,
        {{ newest_known('every_period', by='change_number') }} as every_period,
        {{ newest_known('known_price', by='change_number') }} as known_price
    from changes
    group by subscription_id, occurred_at
),

states as (
    select
        subscription_id,
        customer_id,
        occurred_at,
        last_seen_at,
        not_before_at,
        not_after_at,
        before_seen_until_at,
        {{ last_known('is_live') }} over so_far as is_live,
        {{ last_known('product_id') }} over so_far as product_id,
        {{ last_known('quantity') }} over so_far as quantity,
        {{ last_known('every') }} over so_far as every,
        {{ last_known('every_period') }} over so_far as every_period,
        {{ last_known('known_price') }} over so_far as known_price
    from moments
    window so_far as (
        partition by subscription_id
        order by occurred_at
        rows between unbounded preceding and current row
    )
),

compared as (
    select
        *,
        lag(subscription_id) over timeline is null as is_first,
        lag(is_live) over timeline as is_live_before,
        lag(product_id) over timeline as product_id_before,
        lag(quantity) over timeline as quantity_before,
        lag(every) over timeline as every_before,
        lag(every_period) over timeline as every_period_before,
        lag(known_price) over timeline as known_price_before
    from states
    window timeline as (partition by subscription_id order by occurred_at)
),

final as (
    select
        subscription_id,
        customer_id,
        row_number() over timeline as period_number,
        is_live,
        product_id,
        quantity,
        every,
        every_period,
        nullif(known_price, -1) as price,
        occurred_at as started_at,
        lead(occurred_at) over timeline as ended_at,
        not_before_at,
        not_after_at,
        coalesce(lead(before_seen_until_at) over timeline, last_seen_at) as seen_until_at
    from compared
    -- Of a subscription that nobody told live or cancelled, there is no state to tell.
    where
        is_live is not null
        and (
            is_first
            or is_live is distinct from is_live_before
            or product_id is distinct from product_id_before
            or quantity is distinct from quantity_before
            or every is distinct from every_before
            or every_period is distinct from every_period_before
            or known_price is distinct from known_price_before
        )
    window timeline as (partition by subscription_id order by occurred_at)
)

select * from final
