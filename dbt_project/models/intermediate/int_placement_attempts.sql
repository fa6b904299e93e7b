{{ config(materialized='incremental', meta={'follows': 'order_id', 'reach': 'order'}) }}

-- The ladder of each order: its attempts from the first to the last, and what each source tells of them. How many there
-- were, the order itself says (`tries`); the log has their answers in their order; an event has the number and the
-- second; a version of the order that was pulled between two attempts has the status that the first left behind.

with

orders as (
    select
        order_id,
        tries
    from {{ changed_only(ref('int_orders'), 'order_id') }}
),

log_rows as (
    select
        *,
        row_number() over (
            partition by order_id
            order by first_window, _pulled_at, list_position, billing_attempt_id
        ) as number_in_log
    from {{ changed_only(ref('stg_ordergroove__billing_attempts'), 'order_id') }}
    where order_id is not null
),

shop_cancellations as (
    select order_id
    from log_rows
    where response_code = '030'
),

-- Each tells of an attempt that is over. A success, a refusal and the shop's own cancellation end the order, too.
outcomes as (
    select
        *,
        event_type in ('order.generic_error', 'order.retryable_placement_failure') as is_retried,
        case when tries > 0 then tries end as told_number
    from {{ changed_only(ref('stg_ordergroove__order_events'), 'order_id') }}
    where
        (
            event_type in (
                'order.success', 'order.reject', 'order.generic_error', 'order.retryable_placement_failure'
            )
            -- Customers cancel too, when they like; only the shop's own answer is of an attempt. Where it is told in
            -- prose, the log has its code; and nobody can cancel after it.
            or (
                event_type = 'order.cancel'
                and (
                    {{ json_text('rejected_message', 'code') }} = '030'
                    or order_id in (select shop_cancellations.order_id from shop_cancellations)
                )
            )
        )
        and order_id is not null
        and happened_at is not null
),

-- The same attempt may be told twice, or have failed, and be refused for good later.
told_once as (
    select
        *,
        row_number() over (
            partition by
                order_id, event_type, told_number, case when told_number is null and is_retried then event_id end
            order by happened_at, event_id
        ) as telling,
        min(case when is_retried then happened_at end) over (partition by order_id, told_number) as failed_at
    from outcomes
),

in_turn as (
    select
        *,
        row_number() over (partition by order_id order by happened_at, told_number, event_id) as turn
    from told_once
    where
        telling = 1
        and (
            told_number is null or is_retried or event_type = 'order.success'
            or failed_at is null or failed_at > happened_at
        )
),

-- `tries` is the number of the attempt. An event may leave it out, show it as it was before, or not count an error that
-- is tried again at once: each attempt comes after the one before it all the same.
events as (
    select
        *,
        turn + max(coalesce(told_number, 1) - turn) over (
            partition by order_id
            order by turn
            rows between unbounded preceding and current row
        ) as number_told,
        -- What ends the order is its last attempt, however many of those before it were told.
        told_number is null and not is_retried and turn = max(turn) over (partition by order_id) as is_the_last
    from in_turn
),

counts as (
    select
        order_id,
        tries as attempts,
        0 as logged,
        0 as is_placed_in_log
    from orders
    where tries > 0
    union all
    select
        order_id,
        number_in_log as attempts,
        number_in_log as logged,
        case when response_code = '000' then 1 else 0 end as is_placed_in_log
    from log_rows
    union all
    select
        order_id,
        number_told as attempts,
        0 as logged,
        0 as is_placed_in_log
    from events
),

-- A log that is too short has lost its oldest rows if it ends with the success, and lacks the newest otherwise.
totals as (
    select
        order_id,
        max(attempts) as attempts,
        case when max(is_placed_in_log) = 1 then max(attempts) - max(logged) else 0 end as lost_from_log
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

events_in_ladder as (
    select
        events.*,
        case when events.is_the_last then totals.attempts else events.number_told end as number
    from events
    inner join totals
        on events.order_id = totals.order_id
),

-- What was attempted by then, was attempted before the end of the window.
windows as (
    select
        {{ window_label() }} as window_label,
        max(window_end_at) as window_end_at
    from {{ ref('stg_lake__pulls') }}
    where object_name = 'billing_attempts' and window_end_at is not null
    group by {{ window_label() }}
),

-- Statuses that only one answer leaves behind, or the end of an order.
telling as (
    select statuses.status_code
    from {{ ref('order_statuses') }} as statuses
    left join {{ ref('response_codes') }} as response_codes
        on statuses.status_code = response_codes.order_status_code
    where statuses.is_final or response_codes.response_code is not null
),

-- Between two attempts an order passes through statuses that tell no answer; the first that does is the attempt's.
seen as (
    select
        tries.order_id,
        tries.tries as number,
        min(tries.first_updated_at) as first_updated_at,
        max(tries.last_updated_at) as last_updated_at,
        {{ oldest_known('telling.status_code', by='tries.first_updated_at') }} as status_code
    from {{ changed_only(ref('stg_ordergroove__order_tries'), 'order_id') }} as tries
    left join telling
        on tries.status_code = telling.status_code
    group by tries.order_id, tries.tries
),

-- Of few orders there is an attempt before.
seen_before as (
    select
        numbered.order_id,
        numbered.number,
        seen.last_updated_at
    from numbered
    inner join seen
        on numbered.order_id = seen.order_id and numbered.number = seen.number + 1
    where numbered.number > 1
),

final as (
    select
        ---------- ids
        numbered.order_id,
        log_rows.billing_attempt_id,
        events.event_id,

        ---------- text
        nullif(log_rows.response_code, '') as logged_code,
        nullif(log_rows.response_message, '') as logged_message,
        events.rejected_message as told_message,

        ---------- numerics
        numbered.number as attempt_number,
        numbered.attempts,
        coalesce(events.status_code, seen.status_code) as status_code,

        ---------- dates and times
        events.happened_at as told_at,
        seen.first_updated_at as seen_at,
        seen_before.last_updated_at as seen_before_at,
        windows.window_end_at as logged_until_at
    from numbered
    -- Each side by itself: a condition that mixes them is compared row by row.
    left join log_rows
        on numbered.order_id = log_rows.order_id and numbered.number - numbered.lost_from_log = log_rows.number_in_log
    left join windows
        on log_rows.first_window = windows.window_label
    left join events_in_ladder as events
        on numbered.order_id = events.order_id and numbered.number = events.number
    left join seen
        on numbered.order_id = seen.order_id and numbered.number = seen.number
    left join seen_before
        on numbered.order_id = seen_before.order_id and numbered.number = seen_before.number
)

select * from final
