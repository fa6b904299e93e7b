"""Everything Dagster, autoloaded: partitions, resources, assets, checks, jobs, schedules.

Belongs here: when and in which order things run, and what the UI shows of them. Does not belong here: how to pull
(`extract.py`), how to land (`lake/`), how to publish (`warehouse/`) or what data means (`dbt_project/`).
"""
