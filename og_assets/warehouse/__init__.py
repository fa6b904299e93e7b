"""The warehouse's two files: `build.duckdb`, which dbt writes, and `analytics.duckdb`, which analysts read (design D7).

Belongs here: waiting for the build file, publishing it, reading what was published. Does not belong here: what the
tables mean (`dbt_project/`) or when to publish (`defs/`). Nothing in this room imports Dagster.
"""
