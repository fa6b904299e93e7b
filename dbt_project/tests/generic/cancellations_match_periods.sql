{#- Fails on each cancellation that starts no cancelled period, and on each such period without a cancellation. -#}
{% test cancellations_match_periods(model, periods) %}

with

states as (
    select
        subscription_id,
        started_at,
        state,
        coalesce(lag(state) over (partition by subscription_id order by started_at), 'none') as state_before
    from {{ periods }}
),

ended as (
    select
        subscription_id,
        started_at
    from states
    where state = 'cancelled' and state_before = 'live'
)

select
    coalesce(churn.subscription_id, ended.subscription_id) as subscription_id,
    coalesce(churn.cancelled_at, ended.started_at) as cancelled_at
from {{ model }} as churn
full outer join ended
    on churn.subscription_id = ended.subscription_id and churn.cancelled_at = ended.started_at
where churn.subscription_id is null or ended.subscription_id is null

{% endtest %}
