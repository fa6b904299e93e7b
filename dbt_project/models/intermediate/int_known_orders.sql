{{ config(
    materialized='incremental',
    meta={'follows': 'order_id', 'reach': 'order', 'reads_whole': ['int_only_currency']}
) }}

with

pulled as (
    select * from {{ changed_only(ref('stg_ordergroove__orders'), 'order_id') }}
),

-- An event that does not say of what, or when, tells nothing.
events as (
    select
        *,
        {{ happening_number('order_id') }} as happening
    from {{ changed_only(ref('stg_ordergroove__order_events'), 'order_id') }}
    where order_id is not null and happened_at is not null
),

only_currency as (
    select * from {{ ref('int_only_currency') }}
),

-- The one that stands. A deletion is proved by what says so, and undone by a later sign of life.
deletions as (
    select * from {{ ref('int_deletions') }}
    where object_type = 'order' and undeleted_at is null
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

-- A census may list an order that is gone before any walk comes by, and no event may tell of it.
only_checked as (
    select distinct checks.object_id as order_id
    from {{ changed_only(ref('stg_ordergroove__deletion_checks'), 'order_id', column='object_id') }} as checks
    left join pulled
        on checks.object_id = pulled.order_id
    left join told
        on checks.object_id = told.order_id
    where checks.object_type = 'order' and pulled.order_id is null and told.order_id is null
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
        coalesce(currency_code, (select only_currency.only_currency_code from only_currency)) as currency_code,
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
        updated_at,
        seen_at
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
        (select only_currency.only_currency_code from only_currency) as currency_code,
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
        null as updated_at,
        null as seen_at
    from told
    union all
    select
        order_id,
        null as customer_id,
        null as payment_id,
        null as shipping_address_id,
        null as merchant_order_id,
        null as merged_into_order_id,
        null as rejected_message,
        null as rejected_error_code,
        (select only_currency.only_currency_code from only_currency) as currency_code,
        null as status_code,
        null as tries,
        null as generic_error_count,
        null as sub_total,
        null as tax_total,
        null as shipping_total,
        null as discount_total,
        null as total,
        null as is_locked,
        null as place_date,
        null as cancelled_at,
        null as created_at,
        null as updated_at,
        null as seen_at
    from only_checked
),

final as (
    select
        known.*,
        deletions.deleted_at
    from known
    left join deletions
        on known.order_id = deletions.object_id
)

select * from final
