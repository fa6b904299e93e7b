with

deletions as (
    select
        *,
        -- Its month is the one it was scheduled for; of what has no day, the one in which it went.
        {{ month_of('coalesce(place_date, deleted_date)') }} as month_date
    from {{ ref('fct_deletions') }}
    where object_type = 'item' and undeleted_at is null
),

items as (
    select
        total_price,
        currency_code,
        {{ month_of('coalesce(place_date, ' ~ store_date('deleted_at') ~ ')') }} as month_date
    from {{ ref('fct_order_items') }}
    -- What is missing stands in another order by now, or will be found to be deleted; it would count twice.
    where outcome not in ('missing', 'unknown')
),

scheduled as (
    select
        month_date,
        currency_code,
        sum(total_price) as scheduled_value
    from items
    group by month_date, currency_code
),

deleted as (
    select
        month_date,
        cause,
        product_id,
        currency_code,
        count(*) as items,
        coalesce(sum(total), 0) as gross_value,
        coalesce(sum(value_lost), 0) as net_value
    from deletions
    group by month_date, cause, product_id, currency_code
),

final as (
    select
        ---------- ids
        {{ surrogate_key([
            'deleted.month_date', 'deleted.cause', 'deleted.product_id', 'deleted.currency_code'
        ]) }} as deleted_value_id,
        deleted.product_id,

        ---------- text
        deleted.cause,
        deleted.currency_code,

        ---------- numerics
        deleted.items,
        {{ money('deleted.gross_value') }} as gross_value,
        {{ money('deleted.net_value') }} as net_value,
        cast(deleted.gross_value as double) / nullif(cast(scheduled.scheduled_value as double), 0)
            as share_of_scheduled,

        ---------- dates and times
        deleted.month_date
    from deleted
    -- A currency that is not known is one of its own.
    left join scheduled
        on
            deleted.month_date = scheduled.month_date
            and coalesce(deleted.currency_code, '') = coalesce(scheduled.currency_code, '')
)

select * from final
