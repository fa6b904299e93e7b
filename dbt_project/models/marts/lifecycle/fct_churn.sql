{{ config(materialized='incremental', meta={'follows': 'subscription_id', 'reach': 'customer'}) }}

{%- set is_day_after = var('churn_date_rule') == 'day_after' -%}

with

cancellations as (
    select * from {{ changed_only(ref('int_customer_changes'), 'subscription_id') }}
    where event_type = 'cancelled'
),

changes as (
    select * from {{ changed_only(ref('int_subscription_changes'), 'subscription_id') }}
),

-- Why it was cancelled, the sighting tells that showed it cancelled first.
states as (
    select * from {{ changed_only(ref('int_subscription_states'), 'subscription_id') }}
    where not is_live
),

orders as (
    select * from {{ changed_only(ref('int_subscription_orders'), 'subscription_id') }}
),

periods as (
    select * from {{ changed_only(ref('fct_subscription_periods'), 'subscription_id') }}
    where state = 'live'
),

cancel_reasons as (
    select * from {{ ref('cancel_reasons') }}
),

before as (
    select
        cancellations.subscription_id,
        cancellations.change_number,
        count(case orders.event_type when 'order_placed' then 1 end) as orders_before,
        count(case orders.event_type when 'order_rejected' then 1 end) as failed_orders_before,
        count(case orders.event_type when 'order_skipped' then 1 end) as skips_before
    from cancellations
    inner join orders
        on
            cancellations.subscription_id = orders.subscription_id
            and cancellations.occurred_at >= orders.occurred_at
    group by cancellations.subscription_id, cancellations.change_number
),

joined as (
    select
        cancellations.*,
        changes.evidence,
        changes.actor_type,
        changes.not_before_at,
        changes.not_after_at,
        periods.product_id,
        periods.mrr as mrr_lost,
        periods.currency_code,
        states.cancel_reason_code,
        coalesce(
            cancel_reasons.label,
            nullif(trim({{ split_part('states.cancel_reason', "'|'", 2) }}), '')
        ) as reason,
        case
            when states.prepaid_renewal_behavior = 'cancel' and states.prepaid_orders_remaining = 0 then 'completed'
            else coalesce(cancel_reasons.churn_type, 'unknown')
        end as churn_type,
        coalesce(before.orders_before, 0) as orders_before,
        coalesce(before.failed_orders_before, 0) as failed_orders_before,
        coalesce(before.skips_before, 0) as skips_before,
        {{ store_date('cancellations.occurred_at') }} as cancelled_date,
        {{ store_date('cancellations.next_reactivated_at') }} as reactivated_date
    from cancellations
    inner join changes
        on
            cancellations.subscription_id = changes.subscription_id
            and cancellations.change_number = changes.change_number
    left join states
        on
            cancellations.subscription_id = states.subscription_id
            and cancellations.sighting_number = states.sighting_number
    left join cancel_reasons
        on states.cancel_reason_code = cancel_reasons.cancel_reason_code
    left join before
        on
            cancellations.subscription_id = before.subscription_id
            and cancellations.change_number = before.change_number
    left join periods
        on
            cancellations.subscription_id = periods.subscription_id
            and cancellations.occurred_at = periods.ended_at
),

final as (
    select
        ---------- ids
        {{ surrogate_key(['subscription_id', 'churn_number']) }} as churn_id,
        subscription_id,
        customer_id,
        product_id,

        ---------- text
        churn_type,
        reason,
        evidence,
        case when not_before_at = not_after_at then 'exact' else 'bounded' end as precision,
        actor_type,
        currency_code,

        ---------- numerics
        churn_number,
        cancel_reason_code,
        orders_before,
        failed_orders_before,
        skips_before,
        mrr_lost,
        {{ datediff('cancelled_date', 'reactivated_date', 'day') }} as days_to_reactivation,

        ---------- booleans
        live_after = 0 as was_last_of_customer,

        ---------- dates and times
        {% if is_day_after %}{{ days_later('cancelled_date', 1) }}{% else %}cancelled_date{% endif %} as churn_date,
        occurred_at as cancelled_at,
        not_before_at,
        not_after_at,
        next_reactivated_at as reactivated_at
    from joined
)

select * from final
