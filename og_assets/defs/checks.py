"""Checks on what assets bring in: statements that can be false. They ride on the pull itself and cost nothing.

Belongs here: what a check is, and those of the raw assets. Those of the webhook events stand beside their asset.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Generic, TypeVar

import dagster as dg

from og_assets.lake.manifest import Pull
from og_assets.ordergroove.objects import ApiObject

# Clocks of two well-kept machines disagree by less.
CLOCK_TOLERANCE = timedelta(minutes=10)


T = TypeVar("T")


@dataclass(frozen=True)
class Verdict:
    """What a check found: None for `problem` means that the statement holds."""

    problem: str | None
    metadata: Mapping[str, str | int | float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Check(Generic[T]):
    """A statement about what an asset brought in, and how to judge it. A blocking one stops what lies downstream."""

    name: str
    description: str
    judge: Callable[[T], Verdict]
    severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.WARN
    blocking: bool = False

    def spec(self, key: dg.AssetKey) -> dg.AssetCheckSpec:
        """The check as Dagster knows it."""
        return dg.AssetCheckSpec(self.name, asset=key, description=self.description, blocking=self.blocking)

    def passed_over(self, *, key: dg.AssetKey) -> dg.AssetCheckResult:
        """Say that nothing was brought in on purpose, so that there is nothing to judge."""
        return dg.AssetCheckResult(
            check_name=self.name, asset_key=key, passed=True, severity=self.severity, description="Nothing was due."
        )

    def result(self, brought: T, *, key: dg.AssetKey) -> dg.AssetCheckResult:
        """Judge what was brought in."""
        verdict = self.judge(brought)
        return dg.AssetCheckResult(
            check_name=self.name,
            asset_key=key,
            passed=verdict.problem is None,
            severity=self.severity,
            description=verdict.problem,
            metadata=dict(verdict.metadata),
        )


@dataclass(frozen=True, kw_only=True)
class RawCheck(Check[Sequence[Pull]]):
    """A check that every raw asset of a kind carries."""

    applies_to: Callable[[ApiObject], bool]


def check_results(api_object: ApiObject, pulls: Sequence[Pull], *, key: dg.AssetKey) -> list[dg.AssetCheckResult]:
    """Judge a pull by each check that applies to its object."""
    return [check.result(pulls, key=key) for check in RAW_CHECKS if check.applies_to(api_object)]


def _rows_lie_inside_the_window(pulls: Sequence[Pull]) -> Verdict:
    outside = []
    for pull in pulls:
        oldest, newest = pull.oldest_updated, pull.newest_updated
        too_old = oldest is not None and pull.asked_from is not None and oldest < pull.asked_from
        too_new = newest is not None and pull.asked_to is not None and newest > pull.asked_to
        if too_old or too_new:
            outside.append(f"asked for {pull.asked_from} to {pull.asked_to}, got {oldest} to {newest}")
    if not outside:
        return Verdict(None, {"segments": len(pulls)})
    return Verdict(
        "The API did not keep to the window filter: " + "; ".join(outside) + ". The rows are kept, but what else it "
        "left out cannot be known. Compare with Ordergroove's documentation of this list, then pull again.",
        {"segments outside": len(outside)},
    )


def _nothing_quarantined(pulls: Sequence[Pull]) -> Verdict:
    count = sum(pull.quarantined for pull in pulls)
    if not count:
        return Verdict(None, {"quarantined": 0})
    return Verdict(
        f"{count} rows do not fit their record model; they lie with their reasons under lake/quarantine/"
        f"{pulls[0].object}/. Mend the model or the store, then pull the window again.",
        {"quarantined": count},
    )


def _no_unknown_fields(pulls: Sequence[Pull]) -> Verdict:
    unknown: Counter[str] = sum((pull.rows_by_unknown_field for pull in pulls), Counter())
    if not unknown:
        return Verdict(None, {"unknown fields": 0})
    return Verdict(
        f"Fields that the record model does not know: {', '.join(sorted(unknown))}. They are kept in `_extra`; add "
        "them to ordergroove/records.py to get columns.",
        dict(sorted(unknown.items())),
    )


def _no_row_is_from_the_future(pulls: Sequence[Pull]) -> Verdict:
    ahead = [
        pull
        for pull in pulls
        if pull.newest_updated and pull.store_time and pull.newest_updated > pull.store_time + CLOCK_TOLERANCE
    ]
    if not ahead:
        return Verdict(None, {"segments": len(pulls)})
    newest, now = ahead[-1].newest_updated, ahead[-1].store_time
    return Verdict(
        f"A row was updated at {newest}, but by ORDERGROOVE_TIMEZONE it was {now} at the store when it was pulled. "
        "The time zone that is set is probably too far west.",
        {"newest updated": str(newest), "store's clock": str(now)},
    )


RAW_CHECKS = (
    RawCheck(
        name="rows_lie_inside_the_window",
        description="Every row's update time lies in the window that was asked for: the filter was understood.",
        severity=dg.AssetCheckSeverity.ERROR,
        blocking=True,
        applies_to=lambda api_object: api_object.window is not None and api_object.updated is not None,
        judge=_rows_lie_inside_the_window,
    ),
    RawCheck(
        name="nothing_quarantined",
        description="Every row fitted its record model.",
        applies_to=lambda _: True,
        judge=_nothing_quarantined,
    ),
    RawCheck(
        name="no_unknown_fields",
        description="No row had a field that the record model does not know.",
        applies_to=lambda _: True,
        judge=_no_unknown_fields,
    ),
    RawCheck(
        name="no_row_is_from_the_future",
        description="No row is newer than the store's clock: the time zone is set right.",
        applies_to=lambda api_object: api_object.updated is not None and api_object.host == "rest",
        judge=_no_row_is_from_the_future,
    ),
)
