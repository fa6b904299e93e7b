-- Where all currencies that are told are one, those that are not told are the same: Ordergroove's old rows bear none.

with

told as (
    select currency_code from {{ ref('stg_ordergroove__orders') }}
    union
    select currency_code from {{ ref('stg_ordergroove__subscriptions') }}
),

final as (
    select case when count(currency_code) = 1 then max(currency_code) end as only_currency_code
    from told
)

select * from final
