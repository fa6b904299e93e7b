{#- Of the normal distribution, 2.5 % are beyond it on either side. -#}
{%- set z = 1.959963984540054 -%}

-- What is due in the days after the newest as-of day: items that are known, and what comes after them if their
-- subscriptions live on at their cadence; each with its subscription's chance to live until then.

with

upcoming as (
    select * from {{ ref('int_upcoming_items') }}
),

as_of as (
    select max(as_of_date) as as_of_date
    from upcoming
),

newest as (
    select *
    from (
        select
            *,
            row_number() over (partition by order_item_id order by as_of_date desc) as recency
        from upcoming
        where order_item_id is not null
    ) as ranked
    where recency = 1 and is_open
),

subscriptions as (
    select * from {{ ref('int_subscriptions') }}
    where is_live
),

next_items as (
    select
        subscription_id,
        count(*) as open_items,
        max(place_date) as place_date
    from newest
    where subscription_id is not null
    group by subscription_id
),

placed_items as (
    select
        subscription_id,
        max(placed_date) as placed_date,
        {{ newest_known('case when total_price > 0 then total_price end', by='placed_date') }} as last_paid
    from {{ ref('fct_order_items') }}
    where outcome = 'placed' and subscription_id is not null
    group by subscription_id
),

paced as (
    select
        subscriptions.subscription_id,
        subscriptions.product_id,
        subscriptions.known_currency_code as currency_code,
        subscriptions.quantity,
        subscriptions.unit_price * subscriptions.quantity as value,
        -- A price lock holds for what was paid in advance, too.
        subscriptions.price is null
        and coalesce(subscriptions.prepaid_orders_remaining, -1) >= 0
        and coalesce(subscriptions.prepaid_orders_per_billing, 0) > 0 as is_prepaid,
        subscriptions.prepaid_orders_remaining,
        subscriptions.prepaid_orders_per_billing,
        subscriptions.prepaid_renewal_behavior,
        subscriptions.list_price * subscriptions.quantity as list_value,
        placed_items.last_paid,
        coalesce(next_items.open_items, 0) as open_items,
        -- Where the cadence is not told whole, it goes by days, as `interval_days` does.
        coalesce(
            case when subscriptions.every_period_label is not null then subscriptions.every end,
            subscriptions.frequency_days
        ) as every,
        case
            when subscriptions.every_period_label is not null and subscriptions.every is not null
                then subscriptions.every_period
            else 1
        end as every_period,
        cast(subscriptions.interval_days as double) as interval_days,
        coalesce(
            next_items.place_date,
            placed_items.placed_date,
            {{ store_date('subscriptions.created_at') }}
        ) as known_until_date,
        as_of.as_of_date,
        {{ days_later('as_of.as_of_date', var('forecast_days')) }} as last_date
    from subscriptions
    cross join as_of
    left join next_items
        on subscriptions.subscription_id = next_items.subscription_id
    left join placed_items
        on subscriptions.subscription_id = placed_items.subscription_id
    where subscriptions.interval_days > 0
),

-- From the last order that is known, one interval after the other; calendar months differ from what they last by mean.
counted as (
    select
        *,
        ceil({{ datediff('known_until_date', 'last_date', 'day') }} / interval_days) + 1 as intervals
    from paced
    where known_until_date <= last_date
),

repeated as (
    {{ counted_up('counted', upto='intervals') }}
),

-- How many orders of its subscription come before it, from now on: of what was paid in advance so many are still to be
-- sent. Then it is paid again for as many, or goes on as any other, or ends.
ordered as (
    select
        *,
        open_items + number - 1 as orders_before
    from repeated
    where number > 0
),

priced as (
    select
        *,
        case
            when not is_prepaid then cast(value as double)
            when orders_before < prepaid_orders_remaining then 0
            when prepaid_renewal_behavior = 'downgrade' then cast(list_value as double)
            when mod(orders_before - prepaid_orders_remaining, prepaid_orders_per_billing) = 0
                then cast(coalesce(last_paid, list_value * prepaid_orders_per_billing) as double)
            else 0
        end as order_value
    from ordered
    where
        not is_prepaid
        or orders_before < prepaid_orders_remaining
        or coalesce(prepaid_renewal_behavior, '') != 'cancel'
),

due as (
    select
        'known' as basis,
        newest.subscription_id,
        newest.product_id,
        newest.currency_code,
        newest.quantity,
        cast(newest.value as double) as value,
        newest.place_date,
        as_of.as_of_date
    from newest
    cross join as_of
    union all
    select
        'projected' as basis,
        subscription_id,
        product_id,
        currency_code,
        quantity,
        order_value as value,
        {{ one_interval_later('known_until_date', 'every * number', 'every_period') }} as place_date,
        as_of_date
    from priced
),

aged as (
    select
        due.*,
        -- Of what befalls an item before it is placed, as much is to come as it still has to wait of its interval.
        case
            when due.basis = 'projected' or subscriptions.subscription_id is null then 1
            when due.place_date <= due.as_of_date then 0
            else least(
                1,
                {{ datediff('due.as_of_date', 'due.place_date', 'day') }} / cast(subscriptions.interval_days as double)
            )
        end as waiting_share,
        {{ datediff(store_date('subscriptions.created_at'), 'due.as_of_date', 'day') }} as age_days,
        {{ datediff(store_date('subscriptions.created_at'), 'due.place_date', 'day') }} as due_at_age_days
    from due
    left join subscriptions
        on due.subscription_id = subscriptions.subscription_id
    where
        due.place_date <= {{ days_later('due.as_of_date', var('forecast_days')) }}
        and (due.basis = 'known' or due.place_date > due.as_of_date)
),

curves as (
    select distinct product_id
    from {{ ref('int_forecast_hazards') }}
),

hazards as (
    select
        coalesce(product_id, '') as curve,
        week,
        cumulative_hazard,
        variance
    from {{ ref('int_forecast_hazards') }}
),

on_curves as (
    select
        aged.*,
        coalesce(curves.product_id, '') as curve,
        cast(floor(greatest(aged.age_days, 0) / 7.0) as bigint) as week,
        cast(floor(greatest(aged.due_at_age_days, aged.age_days, 0) / 7.0) as bigint) as due_week
    from aged
    left join curves
        on aged.product_id = curves.product_id
),

-- S(age + t) / S(age), and how far its logarithm may be off. Who is not of a subscription leaves none.
conditional as (
    select
        on_curves.*,
        coalesce(due_hazards.cumulative_hazard - hazards.cumulative_hazard, 0) as hazard,
        coalesce(due_hazards.variance - hazards.variance, 0) as variance
    from on_curves
    left join hazards
        on on_curves.curve = hazards.curve and on_curves.week = hazards.week
    left join hazards as due_hazards
        on on_curves.curve = due_hazards.curve and on_curves.due_week = due_hazards.week
),

final as (
    select
        basis,
        subscription_id,
        product_id,
        currency_code,
        quantity,
        value,
        age_days,
        -- Twelve digits: beyond them engines differ.
        round(exp(-hazard), 12) as survival,
        case
            when hazard > 0 then round(exp(-hazard * exp({{ z }} * sqrt(greatest(variance, 0)) / hazard)), 12)
            else 1
        end as survival_low,
        case
            when hazard > 0 then round(exp(-hazard * exp(-{{ z }} * sqrt(greatest(variance, 0)) / hazard)), 12)
            else 1
        end as survival_high,
        waiting_share,
        as_of_date,
        place_date
    from conditional
)

select * from final
