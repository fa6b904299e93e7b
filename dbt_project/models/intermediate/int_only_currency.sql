-- Where all currencies that are told are one, those that are not told are the same.

with

periods as (
    select * from {{ ref('fct_subscription_periods') }}
),

final as (
    select case when count(distinct currency_code) = 1 then max(currency_code) end as only_currency_code
    from periods
)

select * from final
