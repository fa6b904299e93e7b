with

moves as (
    select * from {{ ref('int_item_moves_explained') }}
),

final as (
    select
        ---------- ids
        item_move_id,
        order_item_id,
        from_order_id,
        to_order_id,
        subscription_id,
        customer_id,

        ---------- text
        precision,
        cause,

        ---------- numerics
        move_number,
        days_shifted,

        ---------- dates and times
        from_place_date,
        to_place_date,
        moved_at,
        not_before_at,
        not_after_at
    from moves
)

select * from final
