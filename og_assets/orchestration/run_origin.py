"""Gives runs of the command line the code location that Dagster's UI files them under.

The timeline and the page of a job show a run only if its record names its code location. Runs that the UI or the daemon
launches get it from their workspace; `dg.execute_job` has no parameter for it, but `create_run_for_job` of the instance
does. The location is written in the JSON in which Dagster stores it in every run: the classes themselves are private,
while this form stays readable over releases, because old runs do.
"""

import json
from functools import partial
from typing import Any

import dagster as dg

# As in workspace.yaml and pyproject.toml.
_LOCATION = "og_assets"
_MODULE = "og_assets.definitions"


def record_code_location(instance: dg.DagsterInstance, *, job_name: str) -> None:
    """Let the runs that this process creates from now on name the project's code location."""
    origin: Any = dg.deserialize_value(
        json.dumps(
            {
                "__class__": "ExternalPipelineOrigin",
                "pipeline_name": job_name,
                "external_repository_origin": {
                    "__class__": "ExternalRepositoryOrigin",
                    "repository_name": "__repository__",
                    "repository_location_origin": {
                        "__class__": "ManagedGrpcPythonEnvRepositoryLocationOrigin",
                        "location_name": _LOCATION,
                        "loadable_target_origin": {"__class__": "LoadableTargetOrigin", "module_name": _MODULE},
                    },
                },
            }
        )
    )
    instance.create_run_for_job = partial(  # type: ignore[method-assign]
        instance.create_run_for_job, remote_job_origin=origin
    )
