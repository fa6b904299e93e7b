"""Deletions: the listings of open ids, and the existence checks of rows that a listing no longer has.

Belongs here: when they run and what the Dagster UI shows. Does not belong here: listing, finding suspected deletions
and checking them (`deletions/`). Concept: docs/deletions.md.
"""

from collections.abc import Mapping

import dagster as dg

from og_assets.defs.checks import Check, Verdict
from og_assets.defs.jobs import WEBHOOK_EVENTS, daily_sync
from og_assets.defs.resources import OrdergrooveResource
from og_assets.deletions.check_rows import ObjectType
from og_assets.deletions.existence_checks import CheckReport
from og_assets.deletions.open_id_lister import LISTED_OBJECTS, OpenIdListingResult
from og_assets.deletions.open_id_listings import census_name
from og_assets.deletions.suspected_deletions import OBJECT_OF
from og_assets.orchestration.failures import RETRIES, dagster_failures
from og_assets.ordergroove.objects import BY_NAME, ApiObject

DELETION_CHECKS = dg.AssetKey(["ordergroove", "deletion_checks"])

# A store does not lose half of its upcoming orders in a day, but a filter or a permission may change in one.
LEAST_SHARE_OF_LAST = 0.5

Reports = Mapping[ObjectType, CheckReport]


def _at_least_half_is_still_listed(result: OpenIdListingResult) -> Verdict:
    before, now = result.previous.ids if result.previous else 0, result.listing.ids
    counts: dict[str, str | int | float] = {"ids listed": now, "ids listed before": before}
    if now >= before * LEAST_SHARE_OF_LAST:
        return Verdict(None, counts)
    return Verdict(
        f"This listing has {now:,} ids, and the one before it had {before:,}. No row counts as deleted because of that "
        "alone: deletion_checks retrieves each missing one. Check in Ordergroove whether the store was closed, and "
        "whether the API key has lost a permission.",
        counts,
    )


def _suspected_deletions_are_checked(reports: Reports) -> Verdict:
    suspected = sum(report.suspected for report in reports.values())
    unproved = sum(report.unconfirmed for report in reports.values())
    counts: dict[str, str | int | float] = {"suspected deletions": suspected, "without proof": unproved}
    if suspected:
        counts["share with proof"] = round(1 - unproved / suspected, 4)
    if not unproved:
        return Verdict(None, counts)
    stopped = " ".join(sorted({report.problem for report in reports.values() if report.problem}))
    return Verdict(
        f"{unproved:,} of {suspected:,} suspected deletions are not checked yet; the marts show these rows as missing, "
        "not as deleted. The next run continues. "
        + (stopped or "If the number grows from day to day, raise OG_DELETION_CHECKS."),
        counts,
    )


def _control_rows_are_found(reports: Reports) -> Verdict:
    problems = [report.problem for report in reports.values() if not report.can_trust_404 and report.problem]
    return Verdict(" ".join(problems) if problems else None)


CENSUS_CHECK: Check[OpenIdListingResult] = Check(
    name="at_least_half_is_still_listed",
    description="The listing has at least half as many open ids as the one before it.",
    judge=_at_least_half_is_still_listed,
)

DELETION_CHECK_CHECKS: tuple[Check[Reports], ...] = (
    Check(
        name="suspected_deletions_are_checked",
        description="Each suspected deletion was reported by webhook or has an existence check.",
        judge=_suspected_deletions_are_checked,
    ),
    Check(
        name="control_rows_are_found",
        description="Ordergroove returned the control rows, which must exist, so a 404 proves a deletion.",
        severity=dg.AssetCheckSeverity.ERROR,
        judge=_control_rows_are_found,
    ),
)


def build_census_asset(api_object: ApiObject) -> dg.AssetsDefinition:
    """Build the open-ID listing of one kind of object."""
    key = dg.AssetKey(["ordergroove", census_name(api_object)])

    @dg.asset(
        key=key,
        description=(
            f"The ids of all open {api_object.name}. A row that an earlier listing had and this one has not is a "
            f"suspected deletion.\n\nPulled from `GET {api_object.path}`, once for each open order status."
        ),
        group_name="ordergroove",
        kinds={"ordergroove", "parquet"},
        # The pool of the raw asset: one listing of an object type at a time.
        pool=f"ordergroove_{api_object.name}",
        retry_policy=RETRIES,
        check_specs=[CENSUS_CHECK.spec(key)],
    )
    def census(context: dg.AssetExecutionContext, ordergroove: OrdergrooveResource) -> dg.MaterializeResult:
        lister = ordergroove.open_id_lister()
        # Only the daily sync keeps the interval; materialized by hand, a listing always runs.
        due_at = lister.due_at(api_object) if context.job_name == daily_sync.name else None
        if due_at is not None:
            note = f"not due before {due_at:%Y-%m-%d %H:%M} UTC (OG_CENSUS_EVERY_DAYS)"
            context.log.info(note)
            return dg.MaterializeResult(metadata={"note": note}, check_results=[CENSUS_CHECK.skipped(key=key)])
        with dagster_failures():
            result = lister.pull(api_object, run_id=context.run.run_id, progress=context.log.info)
        pull = result.pull
        return dg.MaterializeResult(
            metadata={
                "dagster/row_count": pull.rows,
                "pull/rows": pull.rows,
                "pull/pages": pull.pages,
                "pull/requests": pull.requests,
                "pull/retries": pull.retries,
                "pull/seconds": round(pull.seconds, 3),
                "started": dg.MetadataValue.timestamp(result.listing.began_at),
                "ended": dg.MetadataValue.timestamp(result.listing.ended_at),
            },
            check_results=[CENSUS_CHECK.result(result, key=key)],
        )

    return census


census_assets = [build_census_asset(BY_NAME[name]) for name in LISTED_OBJECTS]


@dg.asset(
    key=DELETION_CHECKS,
    description=(
        "Existence checks of suspected deletions. A 404 proves a deletion; a 200 brings the current row into raw."
        "\n\nOne call of `GET /orders/{id}/` or `GET /items/{id}/` for each suspected deletion."
    ),
    group_name="ordergroove",
    kinds={"ordergroove", "parquet"},
    pool="ordergroove_deletion_checks",
    retry_policy=RETRIES,
    # After every source of proof that a row exists, or that a webhook reported its deletion: those need no request.
    deps=[
        *(asset.key for asset in census_assets),
        *(dg.AssetKey(["ordergroove", api_object.name]) for api_object in OBJECT_OF.values()),
        WEBHOOK_EVENTS,
    ],
    check_specs=[check.spec(DELETION_CHECKS) for check in DELETION_CHECK_CHECKS],
)
def deletion_checks(context: dg.AssetExecutionContext, ordergroove: OrdergrooveResource) -> dg.MaterializeResult:
    """Check suspected deletions, orders before items."""
    with dagster_failures():
        reports = ordergroove.existence_checker().run(run_id=context.run.run_id, progress=context.log.info)
    for report in reports.values():
        if report.problem:
            context.log.warning(report.problem)
    return dg.MaterializeResult(
        metadata={
            f"{object_type}s/{label}": getattr(report, name)
            for object_type, report in reports.items()
            for label, name in _REPORT_LABELS.items()
        },
        check_results=[check.result(reports, key=DELETION_CHECKS) for check in DELETION_CHECK_CHECKS],
    )


_REPORT_LABELS = {
    "suspected deletions": "suspected",
    "deleted": "deleted",
    "existing": "alive",
    "not checked yet": "waiting",
    "requests": "requests",
}
