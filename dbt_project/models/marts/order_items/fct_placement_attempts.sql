{{ config(materialized='incremental', meta={'follows': 'order_id', 'reach': 'order'}) }}

with

attempts as (
    select * from {{ changed_only(ref('int_placement_attempts'), 'order_id') }}
),

orders as (
    select * from {{ ref('fct_orders') }}
),

statuses as (
    select * from {{ ref('order_statuses') }}
),

response_codes as (
    select * from {{ ref('response_codes') }}
),

deletions as (
    select * from {{ ref('fct_deletions') }}
    where object_type = 'order' and undeleted_at is null
),

joined as (
    select
        attempts.*,
        orders.customer_id,
        orders.outcome as order_outcome,
        orders.currency_code,
        orders.placed_at,
        orders.reject_code,
        orders.reject_message,
        orders.created_at,
        orders.updated_at,
        -- What was still in it when it was deleted, and nothing came instead of.
        case
            when orders.outcome = 'deleted' then coalesce(deletions.value_lost, 0)
            else coalesce(orders.items_total, orders.sub_total)
        end as order_value,
        orders.outcome in ('merged', 'empty')
        or (orders.outcome = 'deleted' and coalesce(deletions.cause = 'order_emptied', false)) as is_emptied,
        attempts.attempt_number = attempts.attempts as is_last,
        -- What the last attempt left behind is what the order is in now.
        coalesce(
            attempts.status_code,
            case when attempts.attempt_number = attempts.attempts then orders.order_status_code end
        ) as status_after
    from attempts
    left join orders
        on attempts.order_id = orders.order_id
    left join deletions
        on orders.order_id = deletions.object_id
),

-- The log has the code itself; an event or the order may quote it; a status may stand for one.
answered as (
    select
        joined.*,
        statuses.outcome as outcome_after,
        coalesce(
            joined.logged_code,
            {{ json_text('joined.told_message', 'code') }},
            case when joined.is_last and statuses.outcome in ('rejected', 'cancelled') then joined.reject_code end,
            case when joined.is_last and joined.order_outcome = 'placed' then '000' end,
            case
                when joined.billing_attempt_id is not null and statuses.status = 'response_processing_error'
                    then 'unreadable'
                when joined.billing_attempt_id is not null then 'connection'
            end,
            by_status.response_code
        ) as answer
    from joined
    left join statuses
        on joined.status_after = statuses.status_code
    left join response_codes as by_status
        on joined.status_after = by_status.order_status_code
),

judged as (
    select
        *,
        case
            when answer = '000' or outcome_after = 'placed' then 'placed'
            when not is_last then 'retried'
            when outcome_after = 'rejected' then 'rejected'
            when outcome_after = 'cancelled' and answer = '030' then 'cancelled'
            when outcome_after in ('retrying', 'upcoming') then 'retried'
            -- The customer cancelled or merged the order before another was made.
            when outcome_after in ('cancelled', 'merged') and answer is not null then 'retried'
            else 'unknown'
        end as result
    from answered
),

-- In the hour that comes twice, the time of a placement may be either.
timed as (
    select
        judged.*,
        response_codes.category,
        case when judged.result = 'placed' then judged.placed_at end as latest_placed_at,
        case when judged.result = 'placed' then {{ earliest_reading('judged.placed_at') }} end as earliest_placed_at
    from judged
    left join response_codes
        on judged.answer = response_codes.response_code
),

dated as (
    select
        *,
        coalesce(told_at, case when latest_placed_at = earliest_placed_at then latest_placed_at end) as exact_at,
        coalesce(told_at, latest_placed_at, seen_at, logged_until_at, updated_at) as latest_at,
        coalesce(told_at, earliest_placed_at, {{ earliest_reading('seen_before_at') }}, created_at) as earliest_at,
        is_last and coalesce(category = 'superseded', false) as is_superseded,
        result in ('retried', 'rejected', 'cancelled')
        or (result = 'unknown' and coalesce(outcome_after in ('cancelled', 'merged'), false)) as is_failure
    from timed
),

-- An attempt was before those after it, and after those before it. Most orders have one, and none of this to pay for.
bounded as (
    select
        *,
        latest_at as not_after_at,
        earliest_at as not_before_at,
        case when result = 'placed' then latest_at end as order_placed_at,
        is_failure as is_first_failure,
        is_superseded as order_is_superseded
    from dated
    where attempts = 1
    union all
    select
        *,
        coalesce(exact_at, min(latest_at) over (
            partition by order_id order by attempt_number rows between current row and unbounded following
        )) as not_after_at,
        coalesce(exact_at, max(earliest_at) over (
            partition by order_id order by attempt_number rows between unbounded preceding and current row
        )) as not_before_at,
        max(case when result = 'placed' then latest_at end) over (partition by order_id) as order_placed_at,
        is_failure
        and attempt_number = min(case when is_failure then attempt_number end) over (partition by order_id)
            as is_first_failure,
        max(case when is_superseded then 1 else 0 end) over (partition by order_id) = 1 as order_is_superseded
    from dated
    where attempts > 1
),

-- An order is recovered, or lost, once, however often it failed.
recovered as (
    select
        *,
        case
            when not is_failure then null
            when order_outcome = 'placed' then 'recovered'
            -- What was in it is in another order now, and is placed or lost there; or was sent with another at once.
            when is_emptied or (order_is_superseded and order_outcome = 'rejected') then 'moved'
            when order_outcome in ('rejected', 'cancelled', 'deleted') then 'lost'
            when order_outcome in ('retrying', 'upcoming') then 'open'
            else 'unknown'
        end as recovery
    from bounded
),

final as (
    select
        ---------- ids
        {{ surrogate_key(['recovered.order_id', 'recovered.attempt_number']) }} as placement_attempt_id,
        recovered.order_id,
        recovered.billing_attempt_id,
        recovered.customer_id,

        ---------- text
        case when recovered.answer not in ('connection', 'unreadable') then recovered.answer end as response_code,
        coalesce(
            recovered.logged_message,
            {{ json_text('recovered.told_message', 'message') }},
            case when recovered.is_last and recovered.result = 'rejected' then recovered.reject_message end
        ) as response_message,
        coalesce(recovered.category, 'unknown') as category,
        recovered.result,
        case
            when recovered.told_at is not null then 'webhook'
            when recovered.latest_placed_at is not null then 'field'
            when recovered.seen_at is not null then 'poll_diff'
            when recovered.billing_attempt_id is not null then 'log'
            else 'count'
        end as evidence,
        case when recovered.exact_at is not null then 'exact' else 'bounded' end as precision,
        recovered.recovery,
        recovered.currency_code,

        ---------- numerics
        recovered.attempt_number,
        {{ money('recovered.order_value') }} as order_value,
        case
            when recovered.is_first_failure and recovered.recovery = 'recovered'
                then {{ money('recovered.order_value') }}
            else 0
        end as recovered_revenue,
        case
            when recovered.is_first_failure and recovered.recovery = 'lost'
                then {{ money('recovered.order_value') }}
            else 0
        end as lost_revenue,
        -- Of a failure whose day is not known, neither is how long it took.
        case
            when
                recovered.recovery = 'recovered'
                and {{ store_date('recovered.not_before_at') }} = {{ store_date('recovered.not_after_at') }}
                then {{ datediff(
                    store_date('recovered.not_after_at'), store_date('recovered.order_placed_at'), 'day'
                ) }}
        end as days_to_recovery,

        ---------- booleans
        recovered.is_last,
        recovered.is_first_failure,

        ---------- dates and times
        {{ store_date('recovered.not_after_at') }} as attempted_date,
        recovered.not_after_at as attempted_at,
        recovered.not_before_at,
        recovered.not_after_at,
        case
            when recovered.recovery = 'recovered' then coalesce(recovered.order_placed_at, recovered.placed_at)
        end as recovered_at
    from recovered
)

select * from final
