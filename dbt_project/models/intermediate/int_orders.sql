{{ config(materialized='incremental', meta={'follows': 'order_id', 'reach': 'order'}) }}

with

orders as (
    select * from {{ changed_only(ref('int_known_orders'), 'order_id') }}
),

statuses as (
    select * from {{ ref('order_statuses') }}
),

-- Until when, without a gap, the items of updated orders were pulled: beyond that, an absent item says nothing.
items_coverage as (
    select * from {{ ref('int_coverage') }}
    where object_name = 'items'
),

final as (
    select
        orders.*,
        statuses.status,
        statuses.outcome as status_outcome,
        statuses.item_outcome,
        coalesce(statuses.is_final, false) as is_final,
        items_coverage.object_name is not null as items_are_known
    from orders
    left join statuses
        on orders.status_code = statuses.status_code
    left join items_coverage
        on orders.updated_at between items_coverage.from_at and items_coverage.until_at
)

select * from final
