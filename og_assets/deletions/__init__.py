"""Detection of deleted orders and items, which Ordergroove's API removes without a tombstone.

A daily sync lists the ids of all open orders and items. Objects that should be in the newest listing and are not, or
that a webhook reported as deleted, are suspected deletions. A retrieve call for each of them settles it: 404 proves the
deletion, 200 returns the current row. The marts combine webhooks and check results (`int_deletion_evidence`).
Modules in reading order:

    open_id_lister        pull a complete listing of open ids from the API
    open_id_listings      the listing files, `lake/raw/census_orders/` and `lake/raw/census_items/`
    suspected_deletions   compare the lake with the newest listing, in DuckDB: the queries are in `sql/`
    existence_checks      retrieve each suspected deletion, and test with control rows that a 404 can be trusted
    check_rows            the results, `lake/raw/deletion_checks/`
    webhook_coverage      how many recent deletions a webhook reported: the health of the receiver

The queries in `sql/` in reading order: `sources` (evidence per object from webhooks, checks and listings), `orders` or
`items` (every known object with its evidence), `suspected` (which of them to check, in which order, and control rows).

Some public names keep older words. "census" in asset and folder names is an open-ID listing. Reasons for a check are
`left_census` (not in the newest listing), `left_order` (not among the items of its closed order), `told_deleted`
(reported by webhook) and `came_back` (recorded as deleted, but listed). The concept is explained in docs/deletions.md.
"""
