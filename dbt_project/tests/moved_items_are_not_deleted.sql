-- No standing deletion of an item is earlier than a move of the item that a webhook reported.

with

standing as (
    select * from {{ ref('fct_deletions') }}
    where object_type = 'item' and undeleted_at is null
),

told_moves as (
    select * from {{ ref('fct_item_moves') }}
    where precision = 'exact'
)

select
    standing.object_id,
    standing.deleted_at,
    told_moves.moved_at
from standing
inner join told_moves
    on standing.object_id = told_moves.order_item_id
where told_moves.moved_at > standing.deleted_at
