{#- Fewer tell nothing. -#}
{%- set enough = 30 -%}

-- Of what is due, not all is placed, though the subscription lives: orders are skipped, items removed, cards declined.
-- The share of the newest as-of day's past, over as many days as are looked ahead. Who leaves is not in it: that is
-- survival's part.

with

as_of as (
    select max(as_of_date) as as_of_date
    from {{ ref('int_upcoming_items') }}
),

order_items as (
    select * from {{ ref('fct_order_items') }}
),

subscriptions as (
    select * from {{ ref('int_subscriptions') }}
),

due as (
    select
        order_items.placed_date as due_date,
        1 as placed
    from order_items
    where order_items.outcome = 'placed'
    union all
    select
        order_items.place_date as due_date,
        0 as placed
    from order_items
    inner join {{ ref('fct_orders') }} as orders
        on order_items.order_id = orders.order_id
    where order_items.outcome in ('rejected', 'cancelled') and orders.outcome in ('rejected', 'cancelled')
    union all
    select
        deletions.place_date as due_date,
        0 as placed
    from {{ ref('fct_deletions') }} as deletions
    inner join subscriptions
        on deletions.subscription_id = subscriptions.subscription_id
    where
        deletions.object_type = 'item'
        and deletions.undeleted_at is null
        and deletions.replaced_by_item_id is null
        and subscriptions.is_live
    union all
    select
        from_place_date as due_date,
        0 as placed
    from {{ ref('fct_item_moves') }}
    where cause = 'skip'
),

final as (
    select
        as_of.as_of_date,
        sum(due.placed) as placed,
        count(*) as due,
        case when count(*) >= {{ enough }} then sum(due.placed) / cast(count(*) as double) else 1.0 end as placed_share
    from as_of
    inner join due
        on
            as_of.as_of_date >= due.due_date
            and {{ days_later('as_of.as_of_date', '-' ~ var('forecast_days')) }} < due.due_date
    group by as_of.as_of_date
)

select * from final
