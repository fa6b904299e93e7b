"""Asset checks on what a step brought in. They are judged in the same step and cost no process of their own.

Belongs here: what a check is, and the checks of raw assets. Checks of other assets stand beside their asset.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Generic, TypeVar

import dagster as dg

from og_assets.lake.manifest import Pull
from og_assets.ordergroove.objects import ApiObject

# Two machines that synchronize their clocks differ by less.
CLOCK_TOLERANCE = timedelta(minutes=10)


T = TypeVar("T")


@dataclass(frozen=True)
class Verdict:
    """The outcome of a check. `problem` is None where the statement holds."""

    problem: str | None
    metadata: Mapping[str, str | int | float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Check(Generic[T]):
    """A statement about what an asset brought in, and the function that judges it. A blocking one stops downstream."""

    name: str
    description: str
    judge: Callable[[T], Verdict]
    severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.WARN
    blocking: bool = False

    def spec(self, key: dg.AssetKey) -> dg.AssetCheckSpec:
        """Return the check's declaration."""
        return dg.AssetCheckSpec(self.name, asset=key, description=self.description, blocking=self.blocking)

    def skipped(self, *, key: dg.AssetKey) -> dg.AssetCheckResult:
        """Pass the check of a step that had nothing to do."""
        return dg.AssetCheckResult(
            check_name=self.name, asset_key=key, passed=True, severity=self.severity, description="Nothing was due."
        )

    def result(self, brought: T, *, key: dg.AssetKey) -> dg.AssetCheckResult:
        """Judge what the step brought in."""
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
    """A check of raw assets, and the objects that have it."""

    applies_to: Callable[[ApiObject], bool]


def check_specs(api_object: ApiObject, *, key: dg.AssetKey) -> list[dg.AssetCheckSpec]:
    """Return the checks of an object's raw asset."""
    return [check.spec(key) for check in RAW_CHECKS if check.applies_to(api_object)]


def check_results(api_object: ApiObject, pulls: Sequence[Pull], *, key: dg.AssetKey) -> list[dg.AssetCheckResult]:
    """Judge a pull by each check of its object."""
    return [check.result(pulls, key=key) for check in RAW_CHECKS if check.applies_to(api_object)]


def _rows_are_inside_the_window(pulls: Sequence[Pull]) -> Verdict:
    outside = []
    for pull in pulls:
        oldest, newest = pull.oldest_updated, pull.newest_updated
        too_old = oldest is not None and pull.asked_from is not None and oldest < pull.asked_from
        too_new = newest is not None and pull.asked_to is not None and newest > pull.asked_to
        if too_old or too_new:
            outside.append(f"requested {pull.asked_from} to {pull.asked_to}, got {oldest} to {newest}")
    if not outside:
        return Verdict(None, {"segments": len(pulls)})
    return Verdict(
        f"The API ignored the window filter: {'; '.join(outside)}. These rows are kept, but the API may also have left "
        "rows out. Compare the filter with Ordergroove's documentation of this list, then pull the windows again.",
        {"segments outside": len(outside)},
    )


def _nothing_quarantined(pulls: Sequence[Pull]) -> Verdict:
    count = sum(pull.quarantined for pull in pulls)
    if not count:
        return Verdict(None, {"quarantined": 0})
    return Verdict(
        f"{count:,} rows do not fit their record model and are missing from the marts. They are kept with the reason "
        f"under lake/quarantine/{pulls[0].object}/. Correct the model in ordergroove/records.py or the row in "
        "Ordergroove, then pull the window again.",
        {"quarantined": count},
    )


def _no_unknown_fields(pulls: Sequence[Pull]) -> Verdict:
    unknown: Counter[str] = sum((pull.rows_by_unknown_field for pull in pulls), Counter())
    if not unknown:
        return Verdict(None, {"unknown fields": 0})
    return Verdict(
        f"The API sent fields that the record model does not have: {', '.join(sorted(unknown))}. Their values are kept "
        "in column `_extra`. Add them to ordergroove/records.py to get columns.",
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
        f"A row was updated at {newest}, but in ORDERGROOVE_TIMEZONE it was {now} when it was pulled. The time zone is "
        "probably too far west, and all times in the marts are wrong by the difference. Ask Ordergroove for the "
        "store's time zone, set ORDERGROOVE_TIMEZONE, then run build_marts.",
        {"newest updated": str(newest), "store's clock": str(now)},
    )


RAW_CHECKS = (
    RawCheck(
        name="rows_are_inside_the_window",
        description="Each row's update time is inside the requested window.",
        severity=dg.AssetCheckSeverity.ERROR,
        blocking=True,
        applies_to=lambda api_object: api_object.window is not None and api_object.updated is not None,
        judge=_rows_are_inside_the_window,
    ),
    RawCheck(
        name="nothing_quarantined",
        description="Each row fits its record model.",
        applies_to=lambda _: True,
        judge=_nothing_quarantined,
    ),
    RawCheck(
        name="no_unknown_fields",
        description="No row has a field that the record model does not have.",
        applies_to=lambda _: True,
        judge=_no_unknown_fields,
    ),
    RawCheck(
        name="no_row_is_from_the_future",
        description="No row is newer than the store's clock, so ORDERGROOVE_TIMEZONE can be right.",
        applies_to=lambda api_object: api_object.updated is not None and api_object.host == "rest",
        judge=_no_row_is_from_the_future,
    ),
)
