-- Each standing deletion of an item is in one row of rpt_deleted_value, with its full value.

with

deletions as (
    select
        count(*) as items,
        coalesce(sum(total), 0) as gross_value,
        coalesce(sum(value_lost), 0) as net_value
    from {{ ref('fct_deletions') }}
    where object_type = 'item' and undeleted_at is null
),

report as (
    select
        coalesce(sum(items), 0) as items,
        coalesce(sum(gross_value), 0) as gross_value,
        coalesce(sum(net_value), 0) as net_value
    from {{ ref('rpt_deleted_value') }}
)

select
    deletions.items,
    report.items as items_in_report,
    deletions.gross_value,
    report.gross_value as gross_value_in_report,
    deletions.net_value,
    report.net_value as net_value_in_report
from deletions
cross join report
where
    deletions.items != report.items
    or deletions.gross_value != report.gross_value
    or deletions.net_value != report.net_value
