{%- set net_amounts = "expansion_mrr - contraction_mrr - churn_mrr" -%}
{%- if var('net_retention_with_reactivation') -%}
    {%- set net_amounts = net_amounts ~ " + reactivation_mrr" -%}
{%- endif -%}

with

movements as (
    select * from {{ ref('fct_mrr_movements') }}
),

months as (
    select
        month_date,
        currency_code,
        is_complete,
        sum(beginning_mrr) as beginning_mrr,
        sum(new_mrr) as new_mrr,
        sum(imported_mrr) as imported_mrr,
        sum(reactivation_mrr) as reactivation_mrr,
        sum(expansion_mrr) as expansion_mrr,
        sum(contraction_mrr) as contraction_mrr,
        sum(churn_mrr) as churn_mrr,
        sum(ending_mrr) as mrr,
        count(case when movement not in ('new', 'reactivation', 'inactive') then 1 end) as beginning_subscribers,
        count(case movement when 'new' then 1 end) as new_subscribers,
        count(case when is_import then 1 end) as imported_subscribers,
        count(case movement when 'reactivation' then 1 end) as reactivated_subscribers,
        count(case movement when 'churn' then 1 end) as churned_subscribers,
        count(case when live_subscriptions > 0 then 1 end) as subscribers,
        -- Who could come back in this month.
        count(case when was_subscriber and movement in ('inactive', 'reactivation') then 1 end) as lapsed_subscribers
    from movements
    group by month_date, currency_code, is_complete
),

-- Shares need no cents; nothing is a share of nothing.
measured as (
    select
        *,
        cast(beginning_mrr - contraction_mrr - churn_mrr as double) / nullif(cast(beginning_mrr as double), 0)
            as gross_revenue_retention,
        cast(beginning_mrr + {{ net_amounts }} as double) / nullif(cast(beginning_mrr as double), 0)
            as net_revenue_retention,
        cast(churned_subscribers as double) / nullif(beginning_subscribers, 0) as subscriber_churn_rate,
        cast(reactivated_subscribers as double) / nullif(lapsed_subscribers, 0) as reactivation_rate,
        cast(new_mrr + reactivation_mrr + expansion_mrr as double)
        / nullif(cast(contraction_mrr + churn_mrr as double), 0) as quick_ratio,
        cast(mrr as double) / nullif(subscribers, 0) as revenue_per_subscriber
    from months
),

final as (
    select
        ---------- ids
        {{ surrogate_key(['month_date', 'currency_code']) }} as kpi_id,

        ---------- text
        currency_code,

        ---------- numerics
        {{ money('mrr') }} as mrr,
        {{ money('12 * mrr') }} as arr,
        {{ money('beginning_mrr') }} as beginning_mrr,
        {{ money('new_mrr') }} as new_mrr,
        {{ money('imported_mrr') }} as imported_mrr,
        {{ money('reactivation_mrr') }} as reactivation_mrr,
        {{ money('expansion_mrr') }} as expansion_mrr,
        {{ money('contraction_mrr') }} as contraction_mrr,
        {{ money('churn_mrr') }} as churn_mrr,
        beginning_subscribers,
        new_subscribers,
        imported_subscribers,
        reactivated_subscribers,
        churned_subscribers,
        subscribers,
        lapsed_subscribers,
        gross_revenue_retention,
        net_revenue_retention,
        subscriber_churn_rate,
        reactivation_rate,
        quick_ratio,
        {{ money('round(revenue_per_subscriber, 2)') }} as average_revenue_per_subscriber,

        ---------- booleans
        is_complete,

        ---------- dates and times
        month_date
    from measured
)

select * from final
