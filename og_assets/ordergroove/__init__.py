"""What Ordergroove is: its objects, records, wall clock and REST client.

Belongs here: everything one must know to speak with Ordergroove. Does not belong here: files (`lake/`), orchestration
(`defs/`) or the meaning of the data (`dbt_project/`). Nothing in this room imports Dagster.
"""
