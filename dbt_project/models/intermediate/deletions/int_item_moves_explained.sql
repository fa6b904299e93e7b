with

moves as (
    select * from {{ ref('int_item_moves') }}
),

items as (
    select * from {{ ref('int_known_items') }}
),

orders as (
    select * from {{ ref('int_known_orders') }}
),

subscriptions as (
    select * from {{ ref('stg_ordergroove__subscriptions') }}
),

order_events as (
    select
        *,
        {{ happening_number('order_id') }} as happening
    from {{ ref('stg_ordergroove__order_events') }}
    where
        happened_at is not null
        and order_id in (
            select moves.from_order_id as order_id from moves
            union all
            select moves.to_order_id as order_id from moves
        )
),

put_off as (
    select distinct
        order_item_id,
        happened_at
    from {{ ref('stg_ordergroove__item_events') }}
    where event_type = 'item.out_of_stock'
),

ends as (
    select
        item_move_id,
        moved_at,
        'from' as side,
        from_order_id as order_id
    from moves
    union all
    select
        item_move_id,
        moved_at,
        'to' as side,
        to_order_id as order_id
    from moves
),

-- What is told of the new order in the second of the move belongs to the move; of the old one, it may come after it.
told as (
    select
        ends.item_move_id,
        ends.side,
        ends.order_id,
        events.place_date,
        events.happened_at,
        events.happening,
        events.happened_at < ends.moved_at
        or (ends.side = 'to' and events.happened_at = ends.moved_at) as is_before
    from ends
    left join order_events as events
        on ends.order_id = events.order_id and events.place_date is not null
),

told_dates as (
    select
        item_move_id,
        side,
        order_id,
        max(case when is_before then happened_at end) as told_at,
        {{ newest_known('case when is_before then place_date end', by='happening') }} as told_date,
        min(case when not is_before then place_date end) as least_later_date,
        max(case when not is_before then place_date end) as greatest_later_date
    from told
    group by item_move_id, side, order_id
),

-- Orders change their day too, and the Admin tells no event of it. A day is only given where nothing contradicts it.
place_dates as (
    select
        told_dates.item_move_id,
        told_dates.side,
        case
            when told_dates.told_date is null then orders.place_date
            when orders.place_date is null or orders.place_date = told_dates.told_date then told_dates.told_date
            when orders.seen_at is null or orders.seen_at <= told_dates.told_at then told_dates.told_date
            when
                told_dates.least_later_date != told_dates.told_date
                or told_dates.greatest_later_date != told_dates.told_date
                then told_dates.told_date
        end as place_date
    from told_dates
    left join orders
        on told_dates.order_id = orders.order_id
),

dated as (
    select
        moves.*,
        items.subscription_id,
        from_orders.customer_id,
        from_orders.merged_into_order_id,
        from_dates.place_date as from_place_date,
        to_dates.place_date as to_place_date,
        {{ one_interval_later('from_dates.place_date', 'subscriptions.every', 'subscriptions.every_period') }}
            as skipped_to_date,
        -- An interval of one day is also how far an item is put off that is out of stock.
        not coalesce(subscriptions.every = 1 and subscriptions.every_period = 1, true) as is_skip_telling,
        max(moves.not_before_at) over (partition by moves.from_order_id, moves.to_order_id) as last_move_not_before_at,
        put_off.order_item_id is not null as is_put_off
    from moves
    left join items
        on moves.order_item_id = items.order_item_id
    left join orders as from_orders
        on moves.from_order_id = from_orders.order_id
    left join subscriptions
        on items.subscription_id = subscriptions.subscription_id
    left join place_dates as from_dates
        on moves.item_move_id = from_dates.item_move_id and from_dates.side = 'from'
    left join place_dates as to_dates
        on moves.item_move_id = to_dates.item_move_id and to_dates.side = 'to'
    left join put_off
        on moves.order_item_id = put_off.order_item_id and moves.moved_at = put_off.happened_at
),

-- Within a move's bounds, what happened to its two orders may concern other items of theirs; in one second it does not.
told_changes as (
    select
        moves.item_move_id,
        max(case when events.event_type = 'order.change_next_order_date' then 1 else 0 end) as date_changes,
        max(case when events.event_type = 'order.skip_order' then 1 else 0 end) as skips
    from moves
    inner join order_events as events
        on
            events.order_id in (moves.from_order_id, moves.to_order_id)
            and events.happened_at between moves.not_before_at and moves.not_after_at
    where events.event_type in ('order.change_next_order_date', 'order.skip_order')
    group by moves.item_move_id
),

final as (
    select
        dated.item_move_id,
        dated.order_item_id,
        dated.from_order_id,
        dated.to_order_id,
        dated.subscription_id,
        dated.customer_id,
        dated.precision,
        case
            when dated.is_put_off then 'out_of_stock'
            -- A merge takes whatever is left in the old order: what was moved there before was no part of it.
            when
                dated.merged_into_order_id = dated.to_order_id
                and dated.not_after_at >= dated.last_move_not_before_at
                then 'merge'
            when told_changes.date_changes = 1 and dated.precision = 'exact' then 'date_change'
            when told_changes.skips = 1 and dated.precision = 'exact' then 'skip'
            when told_changes.date_changes = 1 then 'unknown'
            when dated.is_skip_telling and dated.to_place_date = dated.skipped_to_date then 'skip'
            else 'unknown'
        end as cause,
        dated.move_number,
        cast({{ datediff('dated.from_place_date', 'dated.to_place_date', 'day') }} as bigint) as days_shifted,
        dated.from_place_date,
        dated.to_place_date,
        dated.moved_at,
        dated.not_before_at,
        dated.not_after_at
    from dated
    left join told_changes
        on dated.item_move_id = told_changes.item_move_id
)

select * from final
