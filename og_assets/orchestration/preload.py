"""What the steps of a run fork from: a process that has loaded the code location once, for all of them.

Importing this module does the loading, on purpose; only Dagster's forkserver does so (`defs/resources.py`). Without it
each of some sixteen steps would spend two seconds of processor time on loading the same definitions.
"""

from og_assets.definitions import defs

defs().get_repository_def().get_all_jobs()
