{{ config(
    materialized='incremental',
    meta={'follows': 'subscriber_id', 'reach': 'customer', 'reads_whole': ['int_months']}
) }}

with

spans as (
    select * from {{ changed_only(ref('int_live_spans'), 'subscriber_id') }}
),

months as (
    select * from {{ ref('int_months') }}
),

-- What is live at the end of a month is what began until then, less what ended until then.
steps as (
    select
        subscriber_id,
        currency_code,
        customer_id,
        {{ month_of('from_date') }} as month_date,
        1 as live,
        unpriced,
        imported,
        mrr,
        mrr * imported as imported_mrr
    from spans
    union all
    select
        subscriber_id,
        currency_code,
        customer_id,
        {{ month_of('until_date') }} as month_date,
        -1 as live,
        -unpriced as unpriced,
        -imported as imported,
        -mrr as mrr,
        -mrr * imported as imported_mrr
    from spans
    where until_date is not null
),

changes as (
    select
        subscriber_id,
        currency_code,
        month_date,
        max(customer_id) as customer_id,
        sum(live) as live,
        sum(unpriced) as unpriced,
        sum(imported) as imported,
        sum(mrr) as mrr,
        sum(imported_mrr) as imported_mrr
    from steps
    group by subscriber_id, currency_code, month_date
),

subscribers as (
    select
        subscriber_id,
        currency_code,
        max(customer_id) as customer_id,
        min(month_date) as first_month_date
    from changes
    group by subscriber_id, currency_code
),

-- Every month from the first on, so that each one begins where the one before it ended.
subscriber_months as (
    select
        subscribers.subscriber_id,
        subscribers.currency_code,
        subscribers.customer_id,
        months.month_date,
        months.is_complete
    from subscribers
    inner join months
        on subscribers.first_month_date <= months.month_date
),

ends as (
    select
        subscriber_months.*,
        sum(coalesce(changes.live, 0)) over so_far as live_subscriptions,
        sum(coalesce(changes.unpriced, 0)) over so_far as unpriced_subscriptions,
        sum(coalesce(changes.imported, 0)) over so_far as imported_subscriptions,
        sum(coalesce(changes.mrr, 0)) over so_far as ending_mrr,
        sum(coalesce(changes.imported_mrr, 0)) over so_far as imported_mrr
    from subscriber_months
    left join changes
        on
            subscriber_months.subscriber_id = changes.subscriber_id
            -- A currency that is not known is one of its own.
            and coalesce(subscriber_months.currency_code, '') = coalesce(changes.currency_code, '')
            and subscriber_months.month_date = changes.month_date
    window
        so_far as (
            partition by subscriber_months.subscriber_id, subscriber_months.currency_code
            order by subscriber_months.month_date
            rows between unbounded preceding and current row
        )
),

compared as (
    select
        *,
        coalesce(lag(live_subscriptions) over timeline, 0) as live_subscriptions_before,
        coalesce(lag(ending_mrr) over timeline, 0) as beginning_mrr,
        coalesce(
            max(live_subscriptions) over (
                partition by subscriber_id, currency_code
                order by month_date
                rows between unbounded preceding and 1 preceding
            ) > 0,
            false
        ) as was_subscriber
    from ends
    window timeline as (partition by subscriber_id, currency_code order by month_date)
),

-- By subscriptions, not by amounts: who is sent what was paid in advance has an MRR of 0, and has not left.
classified as (
    select
        *,
        case
            when live_subscriptions_before = 0 and live_subscriptions = 0 then 'inactive'
            when live_subscriptions_before = 0 and not was_subscriber then 'new'
            when live_subscriptions_before = 0 then 'reactivation'
            when live_subscriptions = 0 then 'churn'
            when ending_mrr > beginning_mrr then 'expansion'
            when ending_mrr < beginning_mrr then 'contraction'
            else 'unchanged'
        end as movement,
        ending_mrr - beginning_mrr as change
    from compared
),

final as (
    select
        ---------- ids
        {{ surrogate_key(['subscriber_id', 'currency_code', 'month_date']) }} as mrr_movement_id,
        subscriber_id,
        customer_id,

        ---------- text
        movement,
        currency_code,

        ---------- numerics
        {{ money('beginning_mrr') }} as beginning_mrr,
        {{ money("case movement when 'new' then change else 0 end") }} as new_mrr,
        {{ money("case movement when 'reactivation' then change else 0 end") }} as reactivation_mrr,
        {{ money("case movement when 'expansion' then change else 0 end") }} as expansion_mrr,
        {{ money("case movement when 'contraction' then -change else 0 end") }} as contraction_mrr,
        {{ money("case movement when 'churn' then -change else 0 end") }} as churn_mrr,
        {{ money('ending_mrr') }} as ending_mrr,
        {{ money("case movement when 'new' then imported_mrr else 0 end") }} as imported_mrr,
        cast(live_subscriptions as bigint) as live_subscriptions,
        cast(unpriced_subscriptions as bigint) as unpriced_subscriptions,

        ---------- booleans
        movement = 'new' and imported_subscriptions > 0 as is_import,
        was_subscriber,
        is_complete,

        ---------- dates and times
        month_date
    from classified
)

select * from final
