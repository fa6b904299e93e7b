with

deletions as (
    select * from {{ ref('int_deletions') }}
    where object_type = 'item'
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

moves as (
    select * from {{ ref('int_item_moves_explained') }}
),

item_events as (
    select * from {{ ref('stg_ordergroove__item_events') }}
    where order_item_id is not null and happened_at is not null
),

deleted_items as (
    select
        deletions.*,
        items.order_id,
        items.subscription_id,
        items.product_id,
        items.total_price,
        orders.currency_code,
        orders.place_date,
        coalesce(orders.customer_id, items.told_customer_id) as customer_id,
        -- How far around it to look for what belongs to it.
        {{ seconds_later('deletions.not_before_at', -60) }} as near_from_at,
        {{ seconds_later('deletions.not_after_at', 60) }} as near_until_at,
        {{ seconds_later('deletions.not_after_at', -2 * 86400) }} as two_days_before_at,
        {{ seconds_later('deletions.not_after_at', 2 * 86400) }} as two_days_after_at
    from deletions
    inner join items
        on deletions.object_id = items.order_item_id
    left join orders
        on items.order_id = orders.order_id
),

-- REST times are wall clock: one in the hour that comes twice has two readings.
cancellations as (
    select
        subscription_id,
        happened_at as cancelled_at
    from {{ ref('stg_ordergroove__subscription_events') }}
    where event_type = 'subscription.cancel' and happened_at is not null
    union all
    select
        subscription_id,
        cancelled_at
    from subscriptions
    where cancelled_at is not null
    union all
    select
        subscription_id,
        {{ earliest_reading('cancelled_at') }} as cancelled_at
    from subscriptions
    where cancelled_at is not null
),

with_cancellation as (
    select
        deleted_items.deletion_id,
        max(case
            when cancellations.cancelled_at between deleted_items.not_before_at and deleted_items.not_after_at then 1
            else 0
        end) as then_cancelled
    from deleted_items
    inner join cancellations
        on
            deleted_items.subscription_id = cancellations.subscription_id
            and cancellations.cancelled_at between deleted_items.near_from_at and deleted_items.near_until_at
    group by deleted_items.deletion_id
),

items_of_subscriptions as (
    select * from items
    where subscription_id in (select deleted_items.subscription_id from deleted_items)
),

told_beginnings as (
    select
        order_item_id,
        min(case when event_type = 'item.create' then happened_at end) as created_at,
        min(happened_at) as first_at
    from item_events
    where order_item_id in (select items_of_subscriptions.order_item_id from items_of_subscriptions)
    group by order_item_id
),

seen_beginnings as (
    select
        order_item_id,
        min(first_order_updated_at) as first_at
    from {{ ref('stg_ordergroove__item_places') }}
    where order_item_id in (select items_of_subscriptions.order_item_id from items_of_subscriptions)
    group by order_item_id
),

-- When the items of these subscriptions came to be. Of one whose creation was not told, when it was known first.
beginnings as (
    select
        items_of_subscriptions.order_item_id,
        items_of_subscriptions.subscription_id,
        items_of_subscriptions.total_price,
        told.created_at,
        coalesce(told.created_at, least(told.first_at, seen.first_at), told.first_at, seen.first_at) as begun_at
    from items_of_subscriptions
    left join told_beginnings as told
        on items_of_subscriptions.order_item_id = told.order_item_id
    left join seen_beginnings as seen
        on items_of_subscriptions.order_item_id = seen.order_item_id
),

-- While a subscription is live, a new item comes in place of one that was removed. Without a creation that was told, an
-- item may only have been seen late, so that it counts where nothing better is known: where the deletion has bounds.
replacements as (
    select
        deleted_items.deletion_id,
        beginnings.order_item_id,
        beginnings.total_price,
        beginnings.begun_at,
        beginnings.begun_at <= deleted_items.near_until_at as is_at_once,
        row_number() over (
            partition by deleted_items.deletion_id
            order by beginnings.begun_at, beginnings.order_item_id
        ) as nearness
    from deleted_items
    inner join beginnings
        on
            deleted_items.subscription_id = beginnings.subscription_id
            and deleted_items.object_id != beginnings.order_item_id
            and beginnings.begun_at between deleted_items.not_before_at and deleted_items.two_days_after_at
    where deleted_items.precision = 'bounded' or beginnings.created_at is not null
),

-- The last that was told of it before, and who removed it.
last_told as (
    select
        deleted_items.deletion_id,
        max(case when not events.is_deletion then events.happened_at end) as told_at,
        max(case when events.event_type = 'item.out_of_stock' then events.happened_at end) as put_off_at,
        max(case
            when events.is_deletion and events.actor_type in ('customer', 'user', 'apikey') then 1
            else 0
        end) as by_somebody
    from deleted_items
    inner join item_events as events
        on deleted_items.object_id = events.order_item_id and deleted_items.not_after_at >= events.happened_at
    where not events.is_deletion or events.happened_at = deleted_items.deleted_at
    group by deleted_items.deletion_id
),

-- A move by a day that nothing explains may be a lack of stock that was not told.
put_off_silently as (
    select distinct deleted_items.deletion_id
    from deleted_items
    inner join moves
        on
            deleted_items.object_id = moves.order_item_id
            and moves.moved_at between deleted_items.two_days_before_at and deleted_items.not_after_at
    where moves.days_shifted = 1 and moves.cause in ('unknown', 'skip')
),

facts as (
    select
        deleted_items.*,
        replacements.order_item_id as replacement_item_id,
        replacements.total_price as replacement_total_price,
        with_cancellation.deletion_id is not null as is_cancelled_nearby,
        coalesce(with_cancellation.then_cancelled = 1, false) as is_cancelled_then,
        -- At the end of its retries an item vanishes within a day, and the next one comes at once. Nothing tells of it.
        coalesce(
            last_told.put_off_at = last_told.told_at
            and (
                last_told.put_off_at >= deleted_items.two_days_before_at
                or replacements.begun_at <= {{ seconds_later('last_told.put_off_at', 2 * 86400) }}
            ),
            false
        ) as is_put_off,
        put_off_silently.deletion_id is not null
        or coalesce(deleted_items.precision = 'bounded' and last_told.put_off_at = last_told.told_at, false)
            as may_be_put_off,
        coalesce(last_told.by_somebody = 1, false) as is_by_somebody,
        deleted_items.precision = 'exact' as is_told,
        deleted_items.precision = 'exact' and coalesce(replacements.is_at_once, false) as is_replaced_at_once,
        -- Live afterwards, and not by a reactivation since, which would have given it another start.
        coalesce(
            (
                (subscriptions.is_live and subscriptions.seen_at > deleted_items.not_after_at)
                or subscriptions.cancelled_at > deleted_items.near_until_at
            )
            and subscriptions.start_date < {{ store_date('deleted_items.not_before_at') }},
            false
        ) as was_live
    from deleted_items
    left join with_cancellation
        on deleted_items.deletion_id = with_cancellation.deletion_id
    left join replacements
        on deleted_items.deletion_id = replacements.deletion_id and replacements.nearness = 1
    left join last_told
        on deleted_items.deletion_id = last_told.deletion_id
    left join put_off_silently
        on deleted_items.deletion_id = put_off_silently.deletion_id
    left join subscriptions
        on deleted_items.subscription_id = subscriptions.subscription_id
),

-- A wrong cause is worse than none: where two of them may be meant, it is unknown.
explained as (
    select
        *,
        case
            when is_cancelled_then and (is_told or replacement_item_id is null) then 'subscription_cancelled'
            when is_cancelled_nearby then 'unknown'
            when is_put_off and not is_by_somebody then 'out_of_stock'
            when may_be_put_off and not is_by_somebody then 'unknown'
            when is_told and subscription_id is null then 'removed'
            when is_replaced_at_once then 'removed'
            when was_live and (is_told or replacement_item_id is not null) then 'removed'
            else 'unknown'
        end as cause
    from facts
),

final as (
    select
        *,
        case when cause != 'subscription_cancelled' then replacement_item_id end as replaced_by_item_id,
        case
            when undeleted_at is not null then 0
            -- What a replacement costs may not be known yet: then nothing is made up for.
            when cause = 'subscription_cancelled' or replacement_total_price is null then total_price
            -- A replacement that costs more is a gain elsewhere, and no negative loss.
            when replacement_total_price >= total_price then 0
            else total_price - replacement_total_price
        end as value_lost
    from explained
)

select * from final
