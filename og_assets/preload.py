"""Loads the code location in the process that the steps of a run fork from.

Importing this module loads it, on purpose; only Dagster's fork server imports it (`orchestration/executor.py`).
Without it each of some sixteen steps would spend two seconds of processor time on loading the same definitions.
"""

from og_assets.definitions import defs

defs().get_repository_def().get_all_jobs()
