{{ config(unique_key='billing_attempt_id') }}
-- A row of the log does not say when it was written, but the log is listed oldest first. So the first listing is kept:
-- its window, and its place in the list of that window, say which of two attempts was earlier.

with

source as (
    select
        *,
        {{ place_in_file() }} as list_position
    from {{ raw_rows(source('ordergroove', 'billing_attempts')) }}
),

renamed as (
    select
        ---------- ids
        public_id as billing_attempt_id,
        "order" as order_id,
        response_order_id,

        ---------- text
        response_code,
        response_message,
        _window as first_window,

        ---------- numerics
        list_position,

        ---------- origin
        _pulled_at
    from source
),

final as (
    {{ first_listings('renamed', key='billing_attempt_id', by='first_window') }}
)

select * from final
