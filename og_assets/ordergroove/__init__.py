"""Talk to Ordergroove: its objects, records, wall clock, webhook events and REST client.

Belongs here: everything about Ordergroove's API. Does not belong here: files (`lake/`), orchestration (`defs/`) or the
meaning of the data (`dbt_project/`).
"""
