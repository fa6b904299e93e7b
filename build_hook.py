"""Refuse to build a wheel: og_assets runs from a checkout."""

from typing import Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CheckoutOnly(BuildHookInterface[BuilderConfig]):
    """Lets editable installs through and stops every other build."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Raise unless the build is an editable install. `version` is hatchling's name of the build's kind."""
        if version != "editable":
            raise SystemExit(
                "og_assets is an application that runs from a checkout: dbt_project/ and dagster.yaml are not part of "
                "a wheel. Clone the repository and run `make demo`, or `pip install --editable .`."
            )
