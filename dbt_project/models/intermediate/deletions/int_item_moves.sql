{{ config(materialized='incremental', meta={'follows': 'order_item_id', 'reach': 'order'}) }}

with

-- What has no time cannot be put in order.
places as (
    select * from {{ changed_only(ref('stg_ordergroove__item_places'), 'order_item_id') }}
    where order_id is not null and first_order_updated_at is not null
),

events as (
    select * from {{ changed_only(ref('stg_ordergroove__item_events'), 'order_item_id') }}
    where order_item_id is not null and order_id is not null and happened_at is not null
),

-- Most items stay where they are: only the others go through the windows that follow.
moved_items as (
    select order_item_id
    from (
        select
            order_item_id,
            order_id
        from places
        union all
        select
            order_item_id,
            order_id
        from events
    ) as everywhere
    group by order_item_id
    having min(order_id) != max(order_id)
),

-- In one and the same second, REST knows better, as in `int_known_items`.
points as (
    select
        order_item_id,
        order_id,
        happened_at as there_at,
        happened_at as there_at_earliest,
        case when event_type = 'item.change_order' then happened_at end as told_at,
        {{ happening_number('order_item_id') }} as number_in_source,
        0 as source_rank
    from events
    where order_item_id in (select moved_items.order_item_id from moved_items)
    union all
    select
        order_item_id,
        order_id,
        first_order_updated_at as there_at,
        {{ earliest_reading('first_order_updated_at') }} as there_at_earliest,
        null as told_at,
        row_number() over (partition by order_item_id order by first_seen_at, order_id) as number_in_source,
        1 as source_rank
    from places
    where order_item_id in (select moved_items.order_item_id from moved_items)
    union all
    select
        order_item_id,
        order_id,
        last_order_updated_at as there_at,
        {{ earliest_reading('last_order_updated_at') }} as there_at_earliest,
        null as told_at,
        row_number() over (partition by order_item_id order by first_seen_at, order_id) as number_in_source,
        1 as source_rank
    from places
    where
        order_item_id in (select moved_items.order_item_id from moved_items)
        -- No two points may be alike, or the windows that follow may put them in different orders.
        and last_order_updated_at != first_order_updated_at
),

marked as (
    select
        *,
        case
            when
                order_id = lag(order_id) over (
                    partition by order_item_id
                    order by there_at, source_rank, number_in_source
                )
                then 0
            else 1
        end as begins_stay
    from points
),

numbered as (
    select
        *,
        sum(begins_stay) over (
            partition by order_item_id
            order by there_at, source_rank, number_in_source
            rows between unbounded preceding and current row
        ) as stay_number
    from marked
),

-- Whatever tells of one stay in an order is one row, from however many sources: what is told and seen is one move.
stays as (
    select
        order_item_id,
        stay_number,
        min(order_id) as order_id,
        min(there_at) as first_at,
        max(there_at_earliest) as last_at,
        min(told_at) as told_at
    from numbered
    group by order_item_id, stay_number
),

with_previous as (
    select
        *,
        lag(order_id) over (partition by order_item_id order by stay_number) as from_order_id,
        lag(last_at) over (partition by order_item_id order by stay_number) as previous_at
    from stays
),

final as (
    select
        {{ surrogate_key(['order_item_id', 'stay_number']) }} as item_move_id,
        order_item_id,
        from_order_id,
        order_id as to_order_id,
        cast(stay_number - 1 as bigint) as move_number,
        -- Told later than it was first seen there, it is another move than that one, and this one was not told.
        case when told_at = first_at then 'exact' else 'bounded' end as precision,
        first_at as moved_at,
        case when told_at = first_at then told_at else previous_at end as not_before_at,
        first_at as not_after_at
    from with_previous
    where from_order_id is not null
)

select * from final
