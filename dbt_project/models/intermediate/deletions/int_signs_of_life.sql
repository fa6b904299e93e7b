with

-- Where nothing says that it is gone, nobody asks whether it lives: millions of rows stay out of what follows.
objects as (
    select distinct
        object_type,
        object_id
    from {{ ref('int_deletion_evidence') }}
),

checks as (
    select * from {{ ref('stg_ordergroove__deletion_checks') }}
),

signs as (
    select
        'order' as object_type,
        order_id as object_id,
        'the API' as sign,
        seen_at as alive_at
    from {{ ref('stg_ordergroove__orders') }}
    union all
    select
        'item' as object_type,
        order_item_id as object_id,
        'the API' as sign,
        first_seen_at as alive_at
    from {{ ref('stg_ordergroove__item_places') }}
    union all
    select
        'item' as object_type,
        order_item_id as object_id,
        'the API' as sign,
        last_seen_at as alive_at
    from {{ ref('stg_ordergroove__item_places') }}
    union all
    select
        'order' as object_type,
        order_id as object_id,
        event_id as sign,
        happened_at as alive_at
    from {{ ref('stg_ordergroove__order_events') }}
    where not is_deletion
    union all
    select
        'item' as object_type,
        order_item_id as object_id,
        event_id as sign,
        happened_at as alive_at
    from {{ ref('stg_ordergroove__item_events') }}
    where not is_deletion
    union all
    select
        object_type,
        object_id,
        'a retrieve call' as sign,
        checked_at as alive_at
    from checks
    where status_code = 200
    union all
    select
        object_type,
        object_id,
        'a census' as sign,
        last_listed_at as alive_at
    from checks
),

final as (
    select distinct
        signs.object_type,
        signs.object_id,
        signs.sign,
        {{ whole_second('signs.alive_at') }} as alive_at
    from signs
    inner join objects
        on
            signs.object_type = objects.object_type
            and signs.object_id = objects.object_id
    where signs.alive_at is not null
)

select * from final
