{{ config(materialized='incremental', meta={'follows': 'order_item_id', 'reach': 'order'}) }}

with

pulled as (
    select * from {{ changed_only(ref('stg_ordergroove__items'), 'order_item_id') }}
),

-- An event that does not say of what, or when, tells nothing.
events as (
    select
        *,
        {{ happening_number('order_item_id') }} as happening
    from {{ changed_only(ref('stg_ordergroove__item_events'), 'order_item_id') }}
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
        max(case when order_id is not null then happened_at end) as seen_in_order_at
    from events
    group by order_item_id
),

-- A census may list an item that is gone before any walk comes by, and no event may tell of it.
only_checked as (
    select distinct checks.object_id as order_item_id
    from {{ changed_only(ref('stg_ordergroove__deletion_checks'), 'order_item_id', column='object_id') }} as checks
    left join pulled
        on checks.object_id = pulled.order_item_id
    left join told
        on checks.object_id = told.order_item_id
    where checks.object_type = 'item' and pulled.order_item_id is null and told.order_item_id is null
),

-- Of an item that was ever pulled, REST tells everything but where it is: an item that is moved keeps its id, and the
-- event that tells of the move may be here before the next pull. In one and the same second, REST knows better. A
-- one-time item may become one of a subscription, and never the other way round.
known as (
    select
        pulled.order_item_id,
        case when newer.order_item_id is null then pulled.order_id else newer.order_id end as order_id,
        coalesce(pulled.subscription_id, told.subscription_id) as subscription_id,
        newer.customer_id as told_customer_id,
        pulled.product_id,
        pulled.offer_id,
        pulled.components,
        pulled.quantity,
        pulled.unit_price,
        pulled.extra_cost,
        pulled.total_price,
        case
            when pulled.subscription_id is null and told.subscription_id is not null then false
            else pulled.is_one_time
        end as is_one_time,
        pulled.is_frozen,
        pulled.first_placed_at,
        pulled.order_updated_at,
        case
            when newer.order_item_id is null then pulled.order_updated_at else newer.seen_in_order_at
        end as seen_in_order_at
    from pulled
    left join told
        on pulled.order_item_id = told.order_item_id
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
    union all
    select
        order_item_id,
        null as order_id,
        null as subscription_id,
        null as told_customer_id,
        null as product_id,
        null as offer_id,
        null as components,
        null as quantity,
        null as unit_price,
        null as extra_cost,
        null as total_price,
        null as is_one_time,
        null as is_frozen,
        null as first_placed_at,
        null as order_updated_at,
        null as seen_in_order_at
    from only_checked
),

-- The one that stands. A deletion is proved by what says so, and undone by a later sign of life.
deletions as (
    select * from {{ ref('int_deletions') }}
    where object_type = 'item' and undeleted_at is null
),

-- In no list of open items any more, and nobody has answered yet whether it is gone.
unproved_absences as (
    select * from {{ ref('int_absences') }}
    where object_type = 'item' and alive_after_at is null and not is_proved
),

final as (
    select
        known.*,
        deletions.deleted_at,
        unproved_absences.first_missed_at as missed_at
    from known
    left join deletions
        on known.order_item_id = deletions.object_id
    left join unproved_absences
        on known.order_item_id = unproved_absences.object_id
)

select * from final
