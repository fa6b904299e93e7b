"""The executor of every job: steps in processes of their own, or all steps in the process of the run.

Separate processes let object types be pulled in parallel. One process saves the start of some seventeen others, which
costs more than a day's pulls of a small store: `og-assets` chooses it where the pulls are short (`local_runs`).
"""

from collections.abc import Mapping
from typing import Any

import dagster as dg

# Run config that runs all steps in the process of the run.
ONE_PROCESS = {"execution": {"config": {"one_process": True}}}

# Pulls wait for Ordergroove, not for a processor, so more of them run at once than there are cores; pools keep those
# of one object type apart. Steps fork from a process that has loaded the code location (og_assets/preload.py).
_PROCESS_PER_STEP = {
    "max_concurrent": 8,
    "start_method": {"forkserver": {"preload_modules": ["og_assets.preload"]}},
}


@dg.configured(
    dg.multi_or_in_process_executor,
    config_schema={
        "one_process": dg.Field(
            bool, default_value=False, description="Run the steps one after another, in the process of the run."
        )
    },
)
def parallel_executor(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """Run up to eight steps at once, each in a process of its own, unless the run asks for one process."""
    return {"in_process": {}} if config["one_process"] else {"multiprocess": _PROCESS_PER_STEP}
