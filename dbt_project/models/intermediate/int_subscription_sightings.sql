{{ config(materialized='incremental', meta={'follows': 'subscription_id', 'reach': 'subscription'}) }}

-- Whatever showed a subscription, in one row each: the state that it showed was there from `from_at` on, and still was
-- at `until_at`. What it did not tell is null.

with

events as (
    select * from {{ changed_only(ref('stg_ordergroove__subscription_events'), 'subscription_id') }}
    -- An event that does not say of what, or when, tells nothing.
    where subscription_id is not null and happened_at is not null
),

versions as (
    select * from {{ changed_only(ref('stg_ordergroove__subscription_versions'), 'subscription_id') }}
    where subscription_id is not null
),

placed_items as (
    select * from {{ changed_only(ref('int_order_items'), 'subscription_id') }}
    where subscription_id is not null and outcome = 'placed' and placed_at is not null
),

named as (
    select
        *,
        coalesce(event_type in ('subscription.create', 'subscription.created'), false) as is_creation,
        coalesce(event_type in ('subscription.cancel', 'subscription.cancelled'), false) as is_cancellation,
        -- Both come with a reactivation; the second one's name would also fit a cancellation.
        coalesce(
            event_type = 'subscription.reactivate'
            or (event_type = 'subscription.change_live' and coalesce(is_live, true)),
            false
        ) as is_reactivation,
        -- An event may be told some seconds after what it tells of; both worlds must still agree on the moment. Where
        -- the object was updated long before, the event changed nothing, or its body is not to be trusted with times.
        {{ datediff('updated_at', 'happened_at', 'second') }} between 0 and {{ var('same_act_seconds') }}
            as tells_its_update
    from events
),

told as (
    select
        subscription_id,
        customer_id as shown_customer_id,
        event_id,
        event_type,
        actor_type,
        source,
        'webhook' as evidence,
        case when is_creation then 1 else 2 end as rank_in_second,
        is_creation,
        is_cancellation,
        is_reactivation,
        case when tells_its_update then updated_at else happened_at end as from_at,
        happened_at as until_at,
        -- The oldest bodies have no more than ids. Only beside other values is an absent price no price.
        coalesce(quantity, every) is not null as knows_body,
        case
            when is_cancellation then false
            when is_creation or is_reactivation then true
            else is_live
        end as is_live,
        product_id,
        quantity,
        every,
        every_period,
        price,
        payment_id,
        shipping_address_id,
        start_date,
        case
            when is_cancellation then coalesce(cancelled_at, happened_at)
            when not (is_live or is_creation or is_reactivation) then cancelled_at
        end as cancelled_at,
        cancel_reason,
        cancel_reason_code,
        prepaid_renewal_behavior,
        prepaid_orders_remaining,
        created_at as shown_created_at
    from named
),

-- In the hour that comes twice, the clock of the API leaves two readings. An event may tell which of them it was.
doubtful_times as (
    select
        subscription_version_id,
        subscription_id,
        last_seen_at,
        updated_at,
        cancelled_at,
        {{ earliest_reading('updated_at') }} as updated_at_earliest,
        {{ earliest_reading('cancelled_at') }} as cancelled_at_earliest
    from versions
    where
        updated_at != {{ earliest_reading('updated_at') }}
        or cancelled_at != {{ earliest_reading('cancelled_at') }}
),

told_times as (
    select
        subscription_id,
        from_at as told_at
    from told
    union
    select
        subscription_id,
        cancelled_at as told_at
    from told
    where cancelled_at is not null
),

settled_times as (
    select
        doubtful_times.subscription_version_id,
        case
            when updates.told_at is not null or doubtful_times.last_seen_at < doubtful_times.updated_at
                then doubtful_times.updated_at_earliest
            else doubtful_times.updated_at
        end as updated_at,
        case
            when cancellations.told_at is not null or doubtful_times.last_seen_at < doubtful_times.cancelled_at
                then doubtful_times.cancelled_at_earliest
            else doubtful_times.cancelled_at
        end as cancelled_at
    from doubtful_times
    left join told_times as updates
        on
            doubtful_times.subscription_id = updates.subscription_id
            and doubtful_times.updated_at_earliest = updates.told_at
    left join told_times as cancellations
        on
            doubtful_times.subscription_id = cancellations.subscription_id
            and doubtful_times.cancelled_at_earliest = cancellations.told_at
),

settled as (
    select
        versions.*,
        coalesce(settled_times.updated_at, versions.updated_at, versions.last_seen_at) as from_at,
        coalesce(settled_times.cancelled_at, versions.cancelled_at) as settled_cancelled_at
    from versions
    left join settled_times
        on versions.subscription_version_id = settled_times.subscription_version_id
),

polled as (
    select
        subscription_id,
        customer_id as shown_customer_id,
        null as event_id,
        null as event_type,
        null as actor_type,
        null as source,
        'poll' as evidence,
        3 as rank_in_second,
        false as is_creation,
        false as is_cancellation,
        false as is_reactivation,
        from_at,
        greatest(from_at, last_seen_at) as until_at,
        true as knows_body,
        is_live,
        product_id,
        quantity,
        every,
        every_period,
        price,
        payment_id,
        shipping_address_id,
        start_date,
        case when not is_live then settled_cancelled_at end as cancelled_at,
        cancel_reason,
        cancel_reason_code,
        prepaid_renewal_behavior,
        prepaid_orders_remaining,
        created_at as shown_created_at
    from settled
),

seen as (
    select * from told
    union all
    select * from polled
),

-- An event's seconds leave no doubt; a polled time may be one of two.
beginnings as (
    select
        subscription_id,
        max(shown_customer_id) as customer_id,
        coalesce(
            min(case when evidence = 'webhook' then shown_created_at end),
            min(shown_created_at),
            min(case when is_creation then until_at end)
        ) as created_at,
        max(case when is_creation or (evidence = 'webhook' and shown_created_at is not null) then 1 else 0 end) = 1
            as creation_is_told,
        min(from_at) as first_seen_at
    from seen
    group by subscription_id
),

-- Before it was seen first, placed items are all that is left of a subscription: it was live, and sent this.
remembered as (
    select
        placed_items.subscription_id,
        placed_items.customer_id as shown_customer_id,
        null as event_id,
        null as event_type,
        null as actor_type,
        null as source,
        'item' as evidence,
        0 as rank_in_second,
        false as is_creation,
        false as is_cancellation,
        false as is_reactivation,
        placed_items.placed_at as from_at,
        placed_items.placed_at as until_at,
        false as knows_body,
        true as is_live,
        placed_items.product_id,
        placed_items.quantity,
        null as every,
        null as every_period,
        null as price,
        null as payment_id,
        null as shipping_address_id,
        -- Nothing is placed before the start: a later start is that of a reactivation.
        placed_items.placed_date as start_date,
        null as cancelled_at,
        null as cancel_reason,
        null as cancel_reason_code,
        null as prepaid_renewal_behavior,
        null as prepaid_orders_remaining,
        null as shown_created_at
    from placed_items
    inner join beginnings
        on
            placed_items.subscription_id = beginnings.subscription_id
            and placed_items.placed_at > beginnings.created_at
            and placed_items.placed_at < beginnings.first_seen_at
),

everything as (
    select * from seen
    union all
    select * from remembered
),

final as (
    select
        everything.*,
        beginnings.customer_id,
        beginnings.created_at,
        least(beginnings.created_at, beginnings.first_seen_at) as began_at,
        beginnings.creation_is_told,
        row_number() over (
            partition by everything.subscription_id
            order by everything.from_at, everything.rank_in_second, everything.until_at, everything.event_id
        ) as sighting_number
    from everything
    inner join beginnings
        on everything.subscription_id = beginnings.subscription_id
)

select * from final
