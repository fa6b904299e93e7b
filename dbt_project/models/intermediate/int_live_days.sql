-- What is live at the end of each day, by the periods alone: what begins is added, what ends is taken away.

with

spans as (
    select * from {{ ref('int_live_spans') }}
),

days as (
    select * from {{ ref('int_days') }}
),

steps as (
    select
        subscriber_id,
        currency_code,
        from_date as day,
        1 as live,
        mrr
    from spans
    union all
    select
        subscriber_id,
        currency_code,
        until_date as day,
        -1 as live,
        -mrr as mrr
    from spans
    where until_date is not null
),

currency_steps as (
    select
        currency_code,
        day,
        sum(live) as live,
        sum(mrr) as mrr
    from steps
    group by currency_code, day
),

currency_days as (
    select
        currencies.currency_code,
        days.day,
        sum(coalesce(currency_steps.live, 0)) over so_far as live_subscriptions,
        sum(coalesce(currency_steps.mrr, 0)) over so_far as mrr
    from (select distinct currency_code from steps) as currencies
    cross join days
    left join currency_steps
        on
            coalesce(currencies.currency_code, '') = coalesce(currency_steps.currency_code, '')
            and days.day = currency_steps.day
    window
        so_far as (
            partition by currencies.currency_code
            order by days.day
            rows between unbounded preceding and current row
        )
),

subscriptions as (
    select
        day,
        sum(live_subscriptions) as live_subscriptions,
        sum(mrr) as mrr,
        count(case when live_subscriptions > 0 then currency_code end) as currencies,
        max(case when live_subscriptions > 0 then currency_code end) as currency_code
    from currency_days
    group by day
),

-- A subscriber is one, however many subscriptions are live.
subscriber_steps as (
    select
        subscriber_id,
        day,
        sum(live) as live
    from steps
    group by subscriber_id, day
),

subscriber_states as (
    select
        subscriber_id,
        day,
        live,
        sum(live) over (
            partition by subscriber_id
            order by day
            rows between unbounded preceding and current row
        ) as live_after
    from subscriber_steps
),

subscribers as (
    select
        day,
        sum(
            case
                when live_after > 0 and live_after = live then 1
                when live_after = 0 and live < 0 then -1
                else 0
            end
        ) as change
    from subscriber_states
    group by day
),

final as (
    select
        days.day,
        days.is_complete,
        subscriptions.live_subscriptions,
        sum(coalesce(subscribers.change, 0)) over (
            order by days.day
            rows between unbounded preceding and current row
        ) as live_subscribers,
        subscriptions.mrr,
        subscriptions.currencies,
        subscriptions.currency_code
    from days
    left join subscriptions
        on days.day = subscriptions.day
    left join subscribers
        on days.day = subscribers.day
)

select * from final
