-- The months of all marts, and whether they are over.

with

days as (
    select * from {{ ref('int_days') }}
),

final as (
    select
        month_date,
        month_is_complete as is_complete
    from days
    group by month_date, month_is_complete
)

select * from final
