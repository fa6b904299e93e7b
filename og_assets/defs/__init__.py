"""Dagster definitions: partitions, resources, assets, checks, jobs, the schedule and the sensor.

Belongs here: when things run, in which order, and what the Dagster UI shows. Does not belong here: how to pull
(`extraction/`), how to land files (`lake/`), how to publish (`warehouse/`), what the data means (`dbt_project/`).
Importing these modules only declares. `definitions.py` builds what depends on the settings.
"""
