with

pulled as (
    select * from {{ ref('stg_ordergroove__items') }}
),

-- An event that does not say of what, or when, tells nothing.
events as (
    select
        *,
        {{ happening_number('order_item_id') }} as happening
    from {{ ref('stg_ordergroove__item_events') }}
    where order_item_id is not null and happened_at is not null
),

-- An event may leave out any field, so each column goes by itself.
told as (
    select
        order_item_id,
        {{ newest_known('order_id', by='happening') }} as order_id,
        {{ newest_known('subscription_id', by='happening') }} as subscription_id,
        {{ newest_known('customer_id', by='happening') }} as customer_id,
        {{ newest_known('product_id', by='happening') }} as product_id,
        {{ newest_known('offer_id', by='happening') }} as offer_id,
        {{ newest_known('components', by='happening') }} as components,
        {{ newest_known('quantity', by='happening') }} as quantity,
        {{ newest_known('unit_price', by='happening') }} as unit_price,
        {{ newest_known('total_price', by='happening') }} as total_price,
        {{ newest_known('first_placed_at', by='happening') }} as first_placed_at,
        max(case when order_id is not null then happened_at end) as seen_in_order_at,
        max(case when not is_deletion then happened_at end) as alive_at
    from events
    group by order_item_id
),

-- Of an item that was ever pulled, REST tells everything but where it is: an item that is moved keeps its id, and the
-- event that tells of the move may be here before the next pull. In one and the same second, REST knows better.
known as (
    select
        pulled.order_item_id,
        case when newer.order_item_id is null then pulled.order_id else newer.order_id end as order_id,
        pulled.subscription_id,
        newer.customer_id as told_customer_id,
        pulled.product_id,
        pulled.offer_id,
        pulled.components,
        pulled.quantity,
        pulled.unit_price,
        pulled.extra_cost,
        pulled.total_price,
        pulled.is_one_time,
        pulled.is_frozen,
        pulled.first_placed_at,
        pulled.order_updated_at,
        case
            when newer.order_item_id is null then pulled.order_updated_at else newer.seen_in_order_at
        end as seen_in_order_at
    from pulled
    left join told as newer
        on
            pulled.order_item_id = newer.order_item_id
            and newer.order_id is not null
            and (
                pulled.order_id is null
                or pulled.order_updated_at is null
                or pulled.order_updated_at < newer.seen_in_order_at
            )
    union all
    select
        told.order_item_id,
        told.order_id,
        told.subscription_id,
        told.customer_id as told_customer_id,
        told.product_id,
        told.offer_id,
        told.components,
        told.quantity,
        told.unit_price,
        null as extra_cost,
        told.total_price,
        null as is_one_time,
        null as is_frozen,
        told.first_placed_at,
        null as order_updated_at,
        told.seen_in_order_at
    from told
    left join pulled
        on told.order_item_id = pulled.order_item_id
    where pulled.order_item_id is null
),

-- When Ordergroove itself last showed the item alive. Not when we pulled: that is another clock.
signs_of_life as (
    select
        order_item_id,
        max(alive_at) as alive_at
    from (
        select
            order_item_id,
            {{ earliest_reading('order_updated_at') }} as alive_at
        from pulled
        union all
        select
            order_item_id,
            alive_at
        from told
    ) as signs
    group by order_item_id
),

-- A deletion holds unless the item was alive later. Of several that hold, the first is when it happened.
deletions as (
    select
        events.order_item_id,
        min(events.happened_at) as deleted_at
    from events
    left join signs_of_life
        on events.order_item_id = signs_of_life.order_item_id
    where
        events.is_deletion
        and (signs_of_life.alive_at is null or events.happened_at >= signs_of_life.alive_at)
    group by events.order_item_id
),

final as (
    select
        known.*,
        deletions.deleted_at
    from known
    left join deletions
        on known.order_item_id = deletions.order_item_id
)

select * from final
