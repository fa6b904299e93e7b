-- Every beginning and end of a subscription, and how many of its customer's are live after it.

with

changes as (
    select * from {{ ref('int_subscription_changes') }}
    -- Of some, nobody tells whether they ever lived.
    where event_type in ('cancelled', 'reactivated') or (event_type = 'created' and is_live)
),

-- What begins in the same second begins first: who swaps one subscription for another never was without.
final as (
    select
        subscription_id,
        customer_id,
        sighting_number,
        change_number,
        event_type,
        occurred_at,
        sum(case event_type when 'cancelled' then -1 else 1 end) over (
            partition by coalesce(customer_id, subscription_id)
            order by
                occurred_at,
                case event_type when 'cancelled' then 1 else 0 end,
                subscription_id,
                change_number
            rows between unbounded preceding and current row
        ) as live_after,
        row_number() over (
            partition by coalesce(customer_id, subscription_id)
            order by
                occurred_at,
                case event_type when 'cancelled' then 1 else 0 end,
                subscription_id,
                change_number
        ) as customer_change_number,
        count(case event_type when 'cancelled' then 1 end) over (
            partition by subscription_id
            order by change_number
            rows between unbounded preceding and current row
        ) as churn_number,
        min(case event_type when 'reactivated' then occurred_at end) over (
            partition by subscription_id
            order by change_number
            rows between 1 following and unbounded following
        ) as next_reactivated_at
    from changes
)

select * from final
