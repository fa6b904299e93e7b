"""Manage the warehouse's files: dbt writes `build.duckdb`, analysts read `analytics.duckdb` (decision 0017).

Belongs here: waiting for the build file, publishing it. Does not belong here: what the tables mean (`dbt_project/`) or
when to publish (`defs/`).
"""
