{{ config(materialized='incremental', full_refresh=false, on_schema_change='append_new_columns') }}

-- A day is written once: by its first build, like the items that it is made of. See int_upcoming_items.

with

expected as (
    select * from {{ ref('int_expected_items') }}
    {% if is_incremental() %}
        where as_of_date > (select coalesce(max(kept.as_of_date), cast('0001-01-01' as date)) from {{ this }} as kept)
    {% endif %}
),

shares as (
    select * from {{ ref('int_placed_share') }}
),

weighed as (
    select
        expected.*,
        coalesce(shares.placed_share, 1) as placed_share,
        power(coalesce(shares.placed_share, 1), expected.waiting_share) as chance,
        case when expected.basis = 'known' then 1 end as known,
        case when expected.basis = 'projected' then 1 end as projected,
        coalesce(expected.value, 0) as known_price
    from expected
    left join shares
        on expected.as_of_date = shares.as_of_date
),

final as (
    select
        ---------- ids
        {{ surrogate_key(['as_of_date', 'place_date', 'product_id', 'currency_code']) }} as upcoming_id,
        product_id,

        ---------- text
        currency_code,

        ---------- numerics
        count(known) as known_items,
        cast(coalesce(sum(known * quantity), 0) as bigint) as known_quantity,
        {{ money('coalesce(sum(known * cast(known_price as decimal(18, 2))), 0)') }} as known_value,
        round(coalesce(sum(projected * survival * chance), 0), 6) as projected_items,
        round(coalesce(sum(projected * survival_low * chance), 0), 6) as projected_items_low,
        round(coalesce(sum(projected * survival_high * chance), 0), 6) as projected_items_high,
        round(coalesce(sum(projected * survival * chance * quantity), 0), 6) as projected_quantity,
        round(coalesce(sum(projected * survival_low * chance * quantity), 0), 6) as projected_quantity_low,
        round(coalesce(sum(projected * survival_high * chance * quantity), 0), 6) as projected_quantity_high,
        {{ money('coalesce(sum(projected * survival * chance * known_price), 0)') }} as projected_value,
        {{ money('coalesce(sum(projected * survival_low * chance * known_price), 0)') }} as projected_value_low,
        {{ money('coalesce(sum(projected * survival_high * chance * known_price), 0)') }} as projected_value_high,
        round(sum(survival * chance), 6) as expected_items,
        {{ money('sum(survival * chance * known_price)') }} as expected_value,
        round(max(placed_share), 6) as placed_share,
        cast({{ var('forecast_days') }} as bigint) as forecast_days,

        ---------- dates and times
        as_of_date,
        place_date
    from weighed
    group by as_of_date, place_date, product_id, currency_code
)

select * from final
