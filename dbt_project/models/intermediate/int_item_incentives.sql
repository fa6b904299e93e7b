-- Incentives that somebody gave for once, on the item itself or on the order that it is in. Those of an offer are not
-- here: the API has no list of them.

with

incentives as (
    select * from {{ ref('stg_ordergroove__one_time_incentives') }}
),

order_items as (
    select
        order_item_id,
        order_id
    from {{ ref('int_order_items') }}
    where outcome not in ('missing', 'deleted')
),

given as (
    select
        order_item_id,
        incentive_id,
        external_code,
        1 as is_on_item
    from incentives
    where order_item_id is not null
    union all
    select
        order_items.order_item_id,
        incentives.incentive_id,
        incentives.external_code,
        0 as is_on_item
    from incentives
    inner join order_items
        on incentives.order_id = order_items.order_id
    where incentives.order_item_id is null
),

final as (
    select
        order_item_id,
        cast(sum(is_on_item) as bigint) as item_incentives,
        cast(sum(1 - is_on_item) as bigint) as order_incentives,
        {{ listagg('coalesce(external_code, incentive_id)', "', '",
            'order by is_on_item desc, external_code, incentive_id') }} as incentive_codes
    from given
    group by order_item_id
)

select * from final
