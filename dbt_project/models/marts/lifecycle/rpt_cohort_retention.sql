with

members as (
    select distinct
        member_id,
        cohort_month,
        started_date,
        months_lived,
        known_until_date
    from {{ ref('int_cohort_members') }}
),

turns as (
    select * from {{ ref('int_cohort_turns') }}
),

orders as (
    select orders.*
    from {{ ref('int_cohort_orders') }} as orders
    inner join members
        on orders.member_id = members.member_id and orders.placed_date <= members.known_until_date
),

-- Months go on until the one that the oldest member is in, so that whatever was placed has a row.
sizes as (
    select
        cohort_month,
        count(*) as cohort_size,
        max({{ months_of_age('started_date', 'known_until_date') }}) as months,
        max(known_until_date) as known_until_date
    from members
    group by cohort_month
),

-- Amounts in several currencies do not add up.
currencies as (
    select
        cohort_month,
        count(distinct currency_code) as currencies,
        max(currency_code) as currency_code,
        max(order_number) as order_numbers
    from orders
    group by cohort_month
),

-- Nobody is counted at the age that is still to come, nor is what turned since the last one.
leaving as (
    select
        cohort_month,
        months_lived + 1 as age,
        -sum(change) as change
    from turns
    group by cohort_month, months_lived
),

changes as (
    select
        cohort_month,
        age,
        sum(change) as change,
        sum(leavers) as leavers
    from (
        select
            cohort_month,
            age,
            change,
            0 as leavers
        from turns
        union all
        select
            cohort_month,
            age,
            change,
            0 as leavers
        from leaving
        union all
        select
            cohort_month,
            months_lived + 1 as age,
            0 as change,
            1 as leavers
        from members
    ) as added
    group by cohort_month, age
),

placed_by_age as (
    select
        cohort_month,
        age,
        count(*) as orders,
        sum(revenue) as revenue
    from orders
    group by cohort_month, age
),

placed_by_number as (
    select
        cohort_month,
        order_number,
        count(*) as orders,
        sum(revenue) as revenue
    from orders
    group by cohort_month, order_number
),

ages as (
    {{ counted_up('sizes', 'months') }}
),

months as (
    select
        ages.cohort_month,
        ages.cohort_size,
        ages.number as age,
        ages.cohort_size - sum(coalesce(changes.leavers, 0)) over so_far as observed,
        sum(coalesce(changes.change, 0)) over so_far as retained,
        coalesce(placed_by_age.orders, 0) as orders,
        coalesce(placed_by_age.revenue, 0) as revenue,
        {{ whole_month_is_of_age('ages.cohort_month', 'ages.number') }} <= ages.known_until_date as is_complete
    from ages
    left join changes
        on ages.cohort_month = changes.cohort_month and ages.number = changes.age
    left join placed_by_age
        on ages.cohort_month = placed_by_age.cohort_month and ages.number = placed_by_age.age
    window so_far as (
        partition by ages.cohort_month
        order by ages.number
        rows between unbounded preceding and current row
    )
),

-- Whoever is live may come to any number of orders yet.
still_live as (
    select
        member_id,
        cohort_month
    from turns
    group by member_id, cohort_month
    having sum(change) > 0
),

orders_of_the_live as (
    select
        still_live.member_id,
        still_live.cohort_month,
        count(orders.order_id) as orders
    from still_live
    left join orders
        on still_live.member_id = orders.member_id
    group by still_live.member_id, still_live.cohort_month
),

settled as (
    select
        cohort_month,
        min(orders) as order_numbers
    from orders_of_the_live
    group by cohort_month
),

order_numbers as (
    select
        sizes.cohort_month,
        sizes.cohort_size,
        placed_by_number.order_number as age,
        sizes.cohort_size as observed,
        placed_by_number.orders as retained,
        placed_by_number.orders,
        placed_by_number.revenue,
        coalesce(placed_by_number.order_number <= settled.order_numbers, true)
        and {{ months_later('sizes.cohort_month', 1) }} <= {{ days_later('sizes.known_until_date', 1) }} as is_complete
    from placed_by_number
    inner join sizes
        on placed_by_number.cohort_month = sizes.cohort_month
    left join settled
        on placed_by_number.cohort_month = settled.cohort_month
),

rows_of_both as (
    select
        'month' as age_unit,
        *
    from months
    union all
    select
        'order' as age_unit,
        *
    from order_numbers
),

added_up as (
    select
        *,
        sum(revenue) over (
            partition by cohort_month, age_unit
            order by age
            rows between unbounded preceding and current row
        ) as cumulative_revenue
    from rows_of_both
),

final as (
    select
        ---------- ids
        {{ surrogate_key(['added_up.cohort_month', 'added_up.age_unit', 'added_up.age']) }} as cohort_retention_id,

        ---------- text
        added_up.age_unit,
        case when currencies.currencies = 1 then currencies.currency_code end as currency_code,

        ---------- numerics
        added_up.age,
        added_up.cohort_size,
        cast(added_up.observed as bigint) as observed,
        cast(added_up.retained as bigint) as retained,
        added_up.retained / nullif(cast(added_up.observed as double), 0) as retention,
        added_up.orders,
        case when coalesce(currencies.currencies, 0) <= 1 then {{ money('added_up.revenue') }} end as revenue,
        case
            when coalesce(currencies.currencies, 0) <= 1
                then {{ money('added_up.cumulative_revenue / cast(added_up.cohort_size as double)') }}
        end as cumulative_revenue_per_subscriber,

        ---------- booleans
        added_up.is_complete,

        ---------- dates and times
        added_up.cohort_month
    from added_up
    left join currencies
        on added_up.cohort_month = currencies.cohort_month
)

select * from final
