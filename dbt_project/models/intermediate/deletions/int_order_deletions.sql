with

deletions as (
    select * from {{ ref('int_deletions') }}
    where object_type = 'order'
),

orders as (
    select * from {{ ref('int_known_orders') }}
),

items as (
    select * from {{ ref('int_known_items') }}
),

deleted_items as (
    select * from {{ ref('int_item_deletions') }}
),

moves as (
    select * from {{ ref('int_item_moves') }}
),

-- Of the items that were in it last, those that may have gone with it: why, what they were worth, and why those went
-- that surely did. What was taken out of it long before is no loss of its own.
with_items as (
    select
        deletions.deletion_id,
        count(distinct deleted_items.cause) as causes,
        min(deleted_items.cause) as cause,
        count(distinct case
            when deleted_items.precision = 'exact' and deletions.precision = 'exact' then deleted_items.cause
        end) as exact_causes,
        min(case
            when deleted_items.precision = 'exact' and deletions.precision = 'exact' then deleted_items.cause
        end) as exact_cause,
        sum(case when deleted_items.undeleted_at is null then deleted_items.value_lost else 0 end) as value_lost
    from deletions
    inner join deleted_items
        on
            deletions.object_id = deleted_items.order_id
            and deletions.not_after_at >= coalesce(deleted_items.not_before_at, deletions.not_after_at)
            and deleted_items.not_after_at >= coalesce(deletions.not_before_at, deleted_items.not_after_at)
    group by deletions.deletion_id
),

with_moves as (
    select
        deletions.deletion_id,
        max(case when moves.not_after_at >= deletions.not_before_at then 1 else 0 end) as moved_then,
        max(case
            when moves.precision = 'bounded' or deletions.precision = 'bounded' then 0
            when moves.moved_at = deletions.deleted_at then 1
            else 0
        end) as moved_to_the_second
    from deletions
    inner join moves
        on deletions.object_id = moves.from_order_id and deletions.not_after_at >= moves.not_before_at
    group by deletions.deletion_id
),

remaining as (
    select distinct order_id
    from items
    where deleted_at is null
),

final as (
    select
        deletions.*,
        orders.customer_id,
        orders.currency_code,
        orders.place_date,
        orders.total,
        case
            when with_items.exact_causes = 1 then with_items.exact_cause
            when with_moves.moved_to_the_second = 1 then 'order_emptied'
            when with_items.causes > 1 then 'unknown'
            when with_items.causes = 1 and coalesce(with_moves.moved_then, 0) = 0 then with_items.cause
            when with_items.causes = 1 then 'unknown'
            -- It may have stood empty for a while, and have been cleared away.
            when with_moves.deletion_id is not null and remaining.order_id is null then 'order_emptied'
            else 'unknown'
        end as cause,
        case
            when deletions.undeleted_at is not null then 0
            else coalesce(with_items.value_lost, 0)
        end as value_lost
    from deletions
    inner join orders
        on deletions.object_id = orders.order_id
    left join with_items
        on deletions.deletion_id = with_items.deletion_id
    left join with_moves
        on deletions.deletion_id = with_moves.deletion_id
    left join remaining
        on deletions.object_id = remaining.order_id
)

select * from final
