{{ config(materialized='incremental', full_refresh=false, on_schema_change='append_new_columns') }}

-- What was known to be open on each as-of day, kept by what changed from one to the next: Ordergroove shows the present
-- only, so this cannot be made again. A day is kept as its first build knew it: to later ones webhooks have told what
-- came after it, and a forecast that has seen what came proves nothing.

with

pulls as (
    select * from {{ ref('stg_lake__pulls') }}
),

order_items as (
    select * from {{ ref('fct_order_items') }}
    where outcome = 'open' and place_date is not null
),

-- As far as everything that a forecast is made of was pulled.
reached as (
    select
        object_name,
        max(window_end_at) as reached_at
    from pulls
    where object_name in ('subscriptions', 'orders', 'items')
    group by object_name
),

newest as (
    select {{ store_date('min(reached_at)') }} as as_of_date
    from reached
    having count(reached_at) = 3
),

as_of as (
    select as_of_date
    from newest
    {% if is_incremental() %}
        where as_of_date > (select coalesce(max(kept.as_of_date), cast('0001-01-01' as date)) from {{ this }} as kept)
    {% endif %}
),

open_items as (
    select
        order_item_id,
        order_id,
        subscription_id,
        product_id,
        currency_code,
        quantity,
        total_price as value,
        place_date,
        true as is_open
    from order_items
),

known as (
    {% if is_incremental() %}
        select *
        from (
            select
                *,
                row_number() over (partition by order_item_id order by as_of_date desc) as recency
            from {{ this }}
            where order_item_id is not null
        ) as ranked
        where recency = 1 and is_open
    {% else %}
        select * from open_items
        where 1 = 0
    {% endif %}
),

changed as (
    select open_items.*
    from open_items
    left join known
        on open_items.order_item_id = known.order_item_id
    where
        known.order_item_id is null
        or open_items.order_id is distinct from known.order_id
        or open_items.subscription_id is distinct from known.subscription_id
        or open_items.product_id is distinct from known.product_id
        or open_items.currency_code is distinct from known.currency_code
        or open_items.quantity is distinct from known.quantity
        or open_items.value is distinct from known.value
        or open_items.place_date != known.place_date
),

gone as (
    select
        known.order_item_id,
        known.order_id,
        known.subscription_id,
        known.product_id,
        known.currency_code,
        known.quantity,
        known.value,
        known.place_date,
        false as is_open
    from known
    left join open_items
        on known.order_item_id = open_items.order_item_id
    where open_items.order_item_id is null
),

-- And a row of the day itself: by it, a day on which nothing changed is not taken for one that was never looked at.
states as (
    select * from changed
    union all
    select * from gone
    union all
    select
        null as order_item_id,
        null as order_id,
        null as subscription_id,
        null as product_id,
        null as currency_code,
        null as quantity,
        null as value,
        null as place_date,
        false as is_open
),

final as (
    select
        ---------- ids
        {{ surrogate_key(['as_of.as_of_date', 'states.order_item_id']) }} as upcoming_item_id,
        states.order_item_id,
        states.order_id,
        states.subscription_id,
        states.product_id,

        ---------- text
        states.currency_code,

        ---------- numerics
        states.quantity,
        states.value,

        ---------- booleans
        states.is_open,

        ---------- dates and times
        as_of.as_of_date,
        states.place_date
    from states
    cross join as_of
)

select * from final
