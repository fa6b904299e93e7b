with

pulls as (
    select * from {{ ref('stg_lake__pulls') }}
),

final as (
    select max(window_end_at) as as_of_at
    from pulls
)

select
    as_of_at,
    {{ store_date('as_of_at') }} as as_of_date
from final
