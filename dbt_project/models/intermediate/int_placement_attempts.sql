-- The ladder of each order: its attempts from the first to the last, and what each source tells of them. How many there
-- were, the order itself says (`tries`); the log has their answers in their order; an event has the number and the
-- second; a version of the order that was pulled between two attempts has the status that the first left behind.

with

orders as (
    select
        order_id,
        tries
    from {{ ref('int_orders') }}
),

log_rows as (
    select
        *,
        row_number() over (
            partition by order_id
            order by first_window, _pulled_at, list_position, billing_attempt_id
        ) as number_in_log
    from {{ ref('stg_ordergroove__billing_attempts') }}
    where order_id is not null
),

in_log as (
    select
        order_id,
        count(*) as attempts,
        max(case when response_code = '000' then 1 else 0 end) as ends_with_success
    from log_rows
    group by order_id
),

-- Each tells of an attempt that is over, and which it was.
events as (
    select
        *,
        row_number() over (partition by order_id, tries order by happened_at, event_id) as nth
    from {{ ref('stg_ordergroove__order_events') }}
    where
        event_type in (
            'order.success', 'order.reject', 'order.cancel', 'order.generic_error', 'order.retryable_placement_failure'
        )
        and order_id is not null
        and happened_at is not null
        and tries > 0
),

counts as (
    select
        order_id,
        tries as attempts
    from orders
    where tries > 0
    union all
    select
        order_id,
        attempts
    from in_log
    union all
    select
        order_id,
        max(tries) as attempts
    from events
    group by order_id
),

totals as (
    select
        order_id,
        max(attempts) as attempts
    from counts
    group by order_id
),

numbered as (
    select *
    from (
        {{ counted_up('totals', upto='attempts') }}
    ) as numbers
    where number > 0
),

-- A log that is too short has lost its oldest rows if it ends with the success, and lacks the newest otherwise.
logged as (
    select
        log_rows.*,
        log_rows.number_in_log
        + case when in_log.ends_with_success = 1 then totals.attempts - in_log.attempts else 0 end as number
    from log_rows
    inner join in_log
        on log_rows.order_id = in_log.order_id
    inner join totals
        on log_rows.order_id = totals.order_id
),

-- What was attempted by then, was attempted before the end of the window.
windows as (
    select
        case when first_window = last_window then first_window else first_window || '..' || last_window end
            as window_label,
        max(window_end_at) as window_end_at
    from {{ ref('stg_lake__pulls') }}
    where object_name = 'billing_attempts' and window_end_at is not null
    group by case when first_window = last_window then first_window else first_window || '..' || last_window end
),

-- Between two attempts an order passes through statuses that tell no answer; the first that does is the attempt's.
seen as (
    select
        tries.order_id,
        tries.tries as number,
        tries.status_code,
        min(tries.first_updated_at) over (partition by tries.order_id, tries.tries) as first_updated_at,
        max(tries.last_updated_at) over (partition by tries.order_id, tries.tries) as last_updated_at,
        row_number() over (
            partition by tries.order_id, tries.tries
            order by
                case when statuses.is_final or response_codes.response_code is not null then 0 else 1 end,
                tries.first_updated_at,
                tries.status_code
        ) as nth,
        coalesce(statuses.is_final or response_codes.response_code is not null, false) as tells_answer
    from {{ ref('stg_ordergroove__order_tries') }} as tries
    left join {{ ref('order_statuses') }} as statuses
        on tries.status_code = statuses.status_code
    left join {{ ref('response_codes') }} as response_codes
        on tries.status_code = response_codes.order_status_code
),

final as (
    select
        ---------- ids
        numbered.order_id,
        logged.billing_attempt_id,
        events.event_id,

        ---------- text
        nullif(logged.response_code, '') as logged_code,
        nullif(logged.response_message, '') as logged_message,
        events.rejected_message as told_message,

        ---------- numerics
        numbered.number as attempt_number,
        numbered.attempts,
        coalesce(events.status_code, case when seen.tells_answer then seen.status_code end) as status_code,

        ---------- dates and times
        events.happened_at as told_at,
        seen.first_updated_at as seen_at,
        seen_before.last_updated_at as seen_before_at,
        windows.window_end_at as logged_until_at
    from numbered
    left join logged
        on numbered.order_id = logged.order_id and numbered.number = logged.number
    left join windows
        on logged.first_window = windows.window_label
    left join events
        on numbered.order_id = events.order_id and numbered.number = events.tries and events.nth = 1
    left join seen
        on numbered.order_id = seen.order_id and numbered.number = seen.number and seen.nth = 1
    left join seen as seen_before
        on numbered.order_id = seen_before.order_id and numbered.number = seen_before.number + 1 and seen_before.nth = 1
)

select * from final
