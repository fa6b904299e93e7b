{#-
    Fails on each subscription without exactly one open period, whose open period differs from its current state, or
    whose first period starts after its creation.
-#}
{% test periods_match_current_state(model, subscriptions) %}

with

periods as (
    select
        subscription_id,
        count(*) as open_periods,
        max(state) as state,
        max(product_id) as product_id,
        max(quantity) as quantity,
        max(every) as every,
        max(every_period) as every_period,
        max(mrr) as mrr
    from {{ model }}
    where ended_at is null
    group by subscription_id
),

beginnings as (
    select
        subscription_id,
        min(started_at) as started_at
    from {{ model }}
    group by subscription_id
)

select subscriptions.subscription_id
from {{ subscriptions }} as subscriptions
left join periods
    on subscriptions.subscription_id = periods.subscription_id
left join beginnings
    on subscriptions.subscription_id = beginnings.subscription_id
where
    -- Null: not known whether it is live.
    subscriptions.is_live is not null
    and (
        periods.subscription_id is null
        or periods.open_periods != 1
        or beginnings.started_at > subscriptions.created_at
        or periods.state != case when subscriptions.is_live then 'live' else 'cancelled' end
        or periods.product_id is distinct from subscriptions.product_id
        or periods.quantity is distinct from subscriptions.quantity
        or periods.every is distinct from subscriptions.every
        or periods.every_period is distinct from subscriptions.every_period
        or periods.mrr is distinct from subscriptions.mrr
    )

{% endtest %}
