with

pulled as (
    select * from {{ ref('stg_ordergroove__orders') }}
),

-- An event that does not say of what, or when, tells nothing.
events as (
    select
        *,
        {{ happening_number('order_id') }} as happening
    from {{ ref('stg_ordergroove__order_events') }}
    where order_id is not null and happened_at is not null
),

-- When Ordergroove itself last showed the order alive. Not when we pulled: that is another clock.
signs_of_life as (
    select
        order_id,
        max(alive_at) as alive_at
    from (
        select
            order_id,
            {{ earliest_reading('updated_at') }} as alive_at
        from pulled
        union all
        select
            order_id,
            happened_at as alive_at
        from events
        where not is_deletion
    ) as signs
    group by order_id
),

-- A deletion holds unless the order was alive later. Of several that hold, the first is when it happened.
deletions as (
    select
        events.order_id,
        min(events.happened_at) as deleted_at
    from events
    left join signs_of_life
        on events.order_id = signs_of_life.order_id
    where
        events.is_deletion
        and (signs_of_life.alive_at is null or events.happened_at >= signs_of_life.alive_at)
    group by events.order_id
),

-- Created after the last pull, or created and deleted between two.
never_pulled as (
    select
        events.*,
        -- The totals in a deletion are those of an order without its items: what it was worth, only other events tell.
        not events.is_deletion
        or min(case when events.is_deletion then 1 else 0 end) over (partition by events.order_id) = 1 as tells_worth
    from events
    left join pulled
        on events.order_id = pulled.order_id
    where pulled.order_id is null
),

-- An event may leave out any field, so each column goes by itself.
told as (
    select
        order_id,
        {{ newest_known('customer_id', by='happening') }} as customer_id,
        {{ newest_known('payment_id', by='happening') }} as payment_id,
        {{ newest_known('shipping_address_id', by='happening') }} as shipping_address_id,
        {{ newest_known('merchant_order_id', by='happening') }} as merchant_order_id,
        {{ newest_known('merged_into_order_id', by='happening') }} as merged_into_order_id,
        {{ newest_known('rejected_message', by='happening') }} as rejected_message,
        {{ newest_known('status_code', by='happening') }} as status_code,
        {{ newest_known('tries', by='happening') }} as tries,
        {{ newest_known('generic_error_count', by='happening') }} as generic_error_count,
        {{ newest_known('case when tells_worth then sub_total end', by='happening') }} as sub_total,
        {{ newest_known('case when tells_worth then tax_total end', by='happening') }} as tax_total,
        {{ newest_known('case when tells_worth then shipping_total end', by='happening') }} as shipping_total,
        {{ newest_known('case when tells_worth then discount_total end', by='happening') }} as discount_total,
        {{ newest_known('case when tells_worth then total end', by='happening') }} as total,
        {{ newest_known('place_date', by='happening') }} as place_date,
        {{ newest_known('cancelled_at', by='happening') }} as cancelled_at,
        {{ newest_known('created_at', by='happening') }} as created_at
    from never_pulled
    group by order_id
),

known as (
    select
        order_id,
        customer_id,
        payment_id,
        shipping_address_id,
        merchant_order_id,
        merged_into_order_id,
        rejected_message,
        rejected_error_code,
        currency_code,
        status_code,
        tries,
        generic_error_count,
        sub_total,
        tax_total,
        shipping_total,
        discount_total,
        total,
        is_locked,
        place_date,
        cancelled_at,
        created_at,
        updated_at
    from pulled
    union all
    select
        order_id,
        customer_id,
        payment_id,
        shipping_address_id,
        merchant_order_id,
        merged_into_order_id,
        rejected_message,
        null as rejected_error_code,
        null as currency_code,
        status_code,
        tries,
        generic_error_count,
        sub_total,
        tax_total,
        shipping_total,
        discount_total,
        total,
        null as is_locked,
        place_date,
        cancelled_at,
        created_at,
        null as updated_at
    from told
),

final as (
    select
        known.*,
        deletions.deleted_at
    from known
    left join deletions
        on known.order_id = deletions.order_id
)

select * from final
