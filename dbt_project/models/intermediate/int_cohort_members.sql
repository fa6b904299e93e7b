-- Who is counted in cohorts: subscribers, or by choice (`cohort_member`) subscriptions.

with

lives as (
    select
        *,
        {% if var('cohort_member') == 'subscription' %}subscription_id{% else %}subscriber_id{% endif %} as member_id
    from {{ ref('int_subscription_lives') }}
),

members as (
    select
        member_id,
        min(started_date) as started_date,
        max(case when is_imported then 1 else 0 end) as has_imports
    from lives
    group by member_id
),

final as (
    select
        lives.subscription_id,
        lives.member_id,
        {{ month_of('members.started_date') }} as cohort_month,
        members.started_date,
        lives.known_until_date,
        -- Each age is reached at the end of its day; the last that was reached is the one before the next to come.
        {{ months_of_age('members.started_date', days_later('lives.known_until_date', 1)) }} - 1 as months_lived
    from lives
    inner join members
        on lives.member_id = members.member_id
    where members.has_imports = 0 or {{ var('cohorts_hold_imports') }}
)

select * from final
