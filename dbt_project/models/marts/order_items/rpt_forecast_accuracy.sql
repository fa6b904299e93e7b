{{ config(
    materialized='incremental', incremental_strategy='delete+insert', unique_key=['as_of_date', 'horizon_days']
) }}
{#- For so long late evidence corrects a cause; to judge all forecasts each day would cost more with each. -#}
{%- set settling_days = 7 -%}

-- Each forecast against what came, once its days are over. What was known on an as-of day is read from what was kept of
-- it, what became of it from the tables of this build.

with

upcoming as (
    select * from {{ ref('int_upcoming_items') }}
),

order_items as (
    select * from {{ ref('fct_order_items') }}
),

orders as (
    select * from {{ ref('fct_orders') }}
),

forecasts as (
    select * from {{ ref('rpt_upcoming') }}
),

settled as (
    select {{ days_later('max(as_of_date)', -settling_days) }} as settled_date
    from upcoming
),

kept as (
    {% if is_incremental() %}
        select distinct
            as_of_date,
            horizon_days
        from {{ this }}
    {% else %}
        select
            as_of_date,
            horizon_days
        from {{ ref('int_forecast_ends') }}
        where 1 = 0
    {% endif %}
),

judged as (
    select ends.*
    from {{ ref('int_forecast_ends') }} as ends
    cross join settled
    left join kept
        on ends.as_of_date = kept.as_of_date and ends.horizon_days = kept.horizon_days
    where kept.as_of_date is null or ends.until_date >= settled.settled_date
),

spans as (
    select
        *,
        as_of_date as from_date,
        coalesce(
            lead(as_of_date) over (partition by order_item_id order by as_of_date),
            cast('9999-12-31' as date)
        ) as until_date
    from upcoming
    where order_item_id is not null
),

known as (
    select
        judged.as_of_date,
        judged.horizon_days,
        judged.until_date,
        judged.seen_date,
        spans.order_item_id,
        spans.currency_code,
        coalesce(spans.value, 0) as value
    from judged
    inner join spans
        on
            judged.as_of_date >= spans.from_date
            and judged.as_of_date < spans.until_date
            and judged.until_date >= spans.place_date
    where spans.is_open
),

skipped as (
    select distinct
        known.as_of_date,
        known.horizon_days,
        known.order_item_id
    from known
    inner join {{ ref('fct_item_moves') }} as moves
        on
            known.order_item_id = moves.order_item_id
            and known.as_of_date <= {{ store_date('moves.moved_at') }}
            and known.until_date >= {{ store_date('moves.moved_at') }}
    where moves.cause = 'skip'
),

followed as (
    select
        known.*,
        coalesce(order_items.currency_code, known.currency_code) as known_currency_code,
        coalesce(order_items.total_price, 0) as total_price,
        order_items.outcome,
        order_items.placed_date,
        {{ store_date('order_items.deleted_at') }} as deleted_date,
        order_items.place_date as last_place_date,
        orders.outcome as order_outcome,
        coalesce(orders.tries, 0) as tries,
        skipped.order_item_id is not null as is_skipped,
        later.order_item_id is not null as is_open_later,
        later.place_date as later_place_date
    from known
    left join order_items
        on known.order_item_id = order_items.order_item_id
    left join orders
        on order_items.order_id = orders.order_id
    left join skipped
        on
            known.order_item_id = skipped.order_item_id
            and known.as_of_date = skipped.as_of_date
            and known.horizon_days = skipped.horizon_days
    left join spans as later
        on
            known.order_item_id = later.order_item_id
            and known.seen_date >= later.from_date
            and known.seen_date < later.until_date
            and later.is_open
),

explained as (
    select
        *,
        case
            when outcome = 'placed' and placed_date > as_of_date and placed_date <= until_date then 'placed'
            when outcome = 'placed' and placed_date <= as_of_date then 'moved'
            when outcome = 'deleted' and deleted_date <= until_date then 'deleted'
            when
                case when is_open_later then later_place_date when outcome = 'placed' then last_place_date end
                > until_date
                then case when is_skipped then 'skipped' else 'moved' end
            when is_open_later or outcome in ('open', 'placed') then 'open'
            when outcome = 'cancelled' and order_outcome = 'merged' then 'moved'
            when outcome = 'rejected' or (outcome = 'cancelled' and tries > 0) then 'rejected'
            when outcome = 'cancelled' then 'skipped'
            when outcome in ('deleted', 'missing') then 'deleted'
            else 'open'
        end as fate
    from followed
),

placed as (
    select
        judged.as_of_date,
        judged.horizon_days,
        order_items.order_item_id,
        order_items.subscription_id,
        order_items.currency_code,
        coalesce(order_items.total_price, 0) as total_price
    from judged
    inner join order_items
        on judged.as_of_date < order_items.placed_date and judged.until_date >= order_items.placed_date
    where order_items.outcome = 'placed'
),

not_known as (
    select placed.*
    from placed
    left join known
        on
            placed.order_item_id = known.order_item_id
            and placed.as_of_date = known.as_of_date
            and placed.horizon_days = known.horizon_days
    where known.order_item_id is null
),

-- What else was open then: the item itself, on other days, or the item before it.
open_then as (
    select
        not_known.as_of_date,
        not_known.horizon_days,
        not_known.order_item_id,
        max(case when not_known.order_item_id = spans.order_item_id then 1 else 0 end) as is_itself
    from not_known
    inner join spans
        on
            coalesce(not_known.subscription_id, not_known.order_item_id)
            = coalesce(spans.subscription_id, spans.order_item_id)
            and not_known.as_of_date >= spans.from_date
            and not_known.as_of_date < spans.until_date
    where spans.is_open
    group by not_known.as_of_date, not_known.horizon_days, not_known.order_item_id
),

-- Placed, and not forecast: it was due on other days, or it is what came next, or it is new.
unforeseen as (
    select
        not_known.*,
        case
            when open_then.is_itself = 1 then 'moved'
            when open_then.is_itself = 0 then 'next order'
            else 'new'
        end as fate
    from not_known
    left join open_then
        on
            not_known.order_item_id = open_then.order_item_id
            and not_known.as_of_date = open_then.as_of_date
            and not_known.horizon_days = open_then.horizon_days
),

-- What each adds to the difference between forecast and placed.
parts as (
    select
        as_of_date,
        horizon_days,
        known_currency_code as currency_code,
        fate,
        1 as known_items,
        value as known_value,
        case when fate = 'placed' then 1 else 0 end as placed_items,
        case when fate = 'placed' then total_price else 0 end as placed_value,
        case when fate = 'placed' then total_price else 0 end - value as difference,
        0 as projected_value,
        0 as expected_value
    from explained
    union all
    select
        as_of_date,
        horizon_days,
        currency_code,
        fate,
        0 as known_items,
        0 as known_value,
        1 as placed_items,
        total_price as placed_value,
        total_price as difference,
        0 as projected_value,
        0 as expected_value
    from unforeseen
    union all
    select
        judged.as_of_date,
        judged.horizon_days,
        forecasts.currency_code,
        'next order' as fate,
        0 as known_items,
        0 as known_value,
        0 as placed_items,
        0 as placed_value,
        -forecasts.projected_value as difference,
        forecasts.projected_value,
        forecasts.expected_value
    from judged
    inner join forecasts
        on
            judged.as_of_date = forecasts.as_of_date
            and judged.until_date >= forecasts.place_date
),

in_currency as (
    select
        parts.*,
        coalesce(parts.currency_code, only_currency.only_currency_code) as currency
    from parts
    cross join {{ ref('int_only_currency') }} as only_currency
),

final as (
    select
        ---------- ids
        {{ surrogate_key(['as_of_date', 'horizon_days', 'currency']) }} as forecast_accuracy_id,

        ---------- text
        currency as currency_code,

        ---------- numerics
        cast(horizon_days as bigint) as horizon_days,
        cast(sum(known_items) as bigint) as known_items,
        {{ money('sum(known_value)') }} as known_value,
        {{ money('sum(projected_value)') }} as projected_value,
        {{ money('sum(known_value + projected_value)') }} as forecast_value,
        {{ money('sum(expected_value)') }} as expected_value,
        cast(sum(placed_items) as bigint) as placed_items,
        {{ money('sum(placed_value)') }} as placed_value,
        {{ money('sum(placed_value) - sum(known_value + projected_value)') }} as difference,
        {{ money("sum(case when fate = 'skipped' then difference else 0 end)") }} as skipped_value,
        {{ money("sum(case when fate = 'deleted' then difference else 0 end)") }} as deleted_value,
        {{ money("sum(case when fate = 'rejected' then difference else 0 end)") }} as rejected_value,
        {{ money("sum(case when fate = 'moved' then difference else 0 end)") }} as moved_value,
        {{ money("sum(case when fate = 'open' then difference else 0 end)") }} as open_value,
        {{ money("sum(case when fate = 'placed' then difference else 0 end)") }} as changed_value,
        {{ money("sum(case when fate = 'next order' then difference else 0 end)") }} as next_orders_value,
        {{ money("sum(case when fate = 'new' then difference else 0 end)") }} as new_value,

        ---------- dates and times
        as_of_date
    from in_currency
    group by as_of_date, horizon_days, currency
)

select * from final
