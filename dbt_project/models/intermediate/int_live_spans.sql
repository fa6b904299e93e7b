{%- set held_days = 1 if var('churn_date_rule') == 'day_after' else 0 -%}

-- The days at whose ends a subscription counts as live: from the first one on, and no more on the one that ends it.
-- The marts that count by days and months add and subtract at these two, and so need no row for each day of each
-- subscription.

with

periods as (
    select * from {{ ref('fct_subscription_periods') }}
),

subscriptions as (
    select * from {{ ref('dim_subscriptions') }}
),

-- Where cancellations count on the day after, what is cancelled is held for its day: if it came back on it, it was not
-- away, and of what began and ended in one second, which has no live period, there is a day.
remembering as (
    select
        *,
        coalesce(state = 'cancelled' and period_number = 1, false) as was_over_at_once,
        coalesce(lead(state) over timeline = 'cancelled', false) as ends_cancelled,
        max(case when state = 'cancelled' then {{ days_later('started_date', held_days) }} end) over (
            partition by subscription_id
            order by period_number
            rows between unbounded preceding and 1 preceding
        ) as held_until_date
    from periods
    window timeline as (partition by subscription_id order by period_number)
),

dated as (
    select
        *,
        greatest(started_date, coalesce(held_until_date, started_date)) as from_date,
        case
            when was_over_at_once then {{ days_later('started_date', held_days) }}
            when ended_date is null then null
            when ends_cancelled then {{ days_later('ended_date', held_days) }}
            else greatest(ended_date, coalesce(held_until_date, ended_date))
        end as until_date
    from remembering
    where state = 'live' or was_over_at_once
),

final as (
    select
        dated.subscription_id,
        dated.customer_id,
        coalesce(dated.customer_id, dated.subscription_id) as subscriber_id,
        dated.currency_code,
        dated.from_date,
        dated.until_date,
        coalesce(dated.mrr, 0) as mrr,
        case when dated.mrr is null then 1 else 0 end as unpriced,
        case when subscriptions.origin = 'import' then 1 else 0 end as imported
    from dated
    left join subscriptions
        on dated.subscription_id = subscriptions.subscription_id
    -- Of what did not last until the end of a day, no day tells.
    where dated.until_date is null or dated.from_date < dated.until_date
)

select * from final
