"""What was deleted: the censuses of what is open, and the questions about what is not listed any more (design D6).

Belongs here: when they run, and what the UI shows of them. Does not belong here: walking (`census.py`), whom to ask
(`lake/candidates.py`), asking (`deletion_checks.py`). Concept: docs/deletions.md.
"""

from collections.abc import Mapping

import dagster as dg

from og_assets.defs.checks import Check, Verdict
from og_assets.defs.jobs import WEBHOOK_EVENTS, daily_sync
from og_assets.deletions.check_rows import ObjectType
from og_assets.deletions.existence_checks import CheckReport, ExistenceChecker
from og_assets.deletions.open_id_lister import LISTED_OBJECTS, OpenIdLister, OpenIdListingResult
from og_assets.deletions.open_id_listings import census_name
from og_assets.deletions.suspected_deletions import OBJECT_OF
from og_assets.orchestration.failures import dagster_failures
from og_assets.orchestration.orphan_exit import exit_with_parent
from og_assets.ordergroove.objects import BY_NAME, ApiObject

DELETION_CHECKS = dg.AssetKey(["ordergroove", "deletion_checks"])

# A store does not lose half of its upcoming orders in a day, but a filter or a permission may change in one.
LEAST_SHARE_OF_LAST = 0.5

Reports = Mapping[ObjectType, CheckReport]


def _most_is_still_listed(taken: OpenIdListingResult) -> Verdict:
    before, now = taken.previous.ids if taken.previous else 0, taken.listing.ids
    if now >= before * LEAST_SHARE_OF_LAST:
        return Verdict(None, {"listed": now, "listed by the census before": before})
    return Verdict(
        f"Only {now:,} are listed, and {before:,} were by the one before. Nothing is held for deleted by that alone, "
        "each is asked about. Look whether the store was closed, or whether the key has lost a permission.",
        {"listed": now, "listed by the census before": before},
    )


def _deletions_are_confirmed(reports: Reports) -> Verdict:
    candidates = sum(report.suspected for report in reports.values())
    unproved = sum(report.unconfirmed for report in reports.values())
    counts: dict[str, str | int | float] = {"candidates": candidates, "without proof": unproved}
    if candidates:
        counts["share with proof"] = round(1 - unproved / candidates, 4)
    if not unproved:
        return Verdict(None, counts)
    stopped = " ".join(sorted({report.problem for report in reports.values() if report.problem}))
    return Verdict(
        f"{unproved:,} of {candidates:,} orders and items that vanished wait to be asked about; the next run goes on. "
        + (stopped or "Raise OG_DELETION_CHECKS if they grow more from day to day."),
        counts,
    )


def _answers_can_be_believed(reports: Reports) -> Verdict:
    problems = [report.problem for report in reports.values() if not report.can_trust_404 and report.problem]
    return Verdict(" ".join(problems) if problems else None)


CENSUS_CHECK: Check[OpenIdListingResult] = Check(
    name="most_is_still_listed",
    description="The census lists at least half as many as the one before.",
    judge=_most_is_still_listed,
)

DELETION_CHECK_CHECKS: tuple[Check[Reports], ...] = (
    Check(
        name="deletions_are_confirmed",
        description="What vanished was told deleted by a webhook, or asked about: no proof is outstanding.",
        judge=_deletions_are_confirmed,
    ),
    Check(
        name="answers_can_be_believed",
        description="Rows that must be there are shown, so a row that is not shown is gone.",
        severity=dg.AssetCheckSeverity.ERROR,
        judge=_answers_can_be_believed,
    ),
)


def make_census_asset(api_object: ApiObject) -> dg.AssetsDefinition:
    """Build the census of one kind of object."""
    name = census_name(api_object)
    key = dg.AssetKey(["ordergroove", name])

    @dg.asset(
        key=key,
        description=(
            f"The ids of all open {api_object.name}, listed whole. What was in it and is not any more may have been "
            f"deleted.\n\nPulled from `GET {api_object.path}`, once for each open order status."
        ),
        group_name="ordergroove",
        kinds={"ordergroove", "parquet"},
        # One walk at a time for each object type, whatever it is for (design D3).
        pool=f"ordergroove_{api_object.name}",
        check_specs=[CENSUS_CHECK.spec(key)],
    )
    def census(
        context: dg.AssetExecutionContext, open_id_lister: dg.ResourceParam[OpenIdLister]
    ) -> dg.MaterializeResult:
        exit_with_parent()
        # Asked for by itself, a census is taken, due or not.
        due_at = open_id_lister.due_at(api_object) if context.job_name == daily_sync.name else None
        if due_at is not None:
            context.log.info(f"OG_CENSUS_EVERY_DAYS: the next census is due on {due_at:%Y-%m-%d %H:%M} UTC")
            return dg.MaterializeResult(
                metadata={"note": f"not due before {due_at:%Y-%m-%d %H:%M} UTC (OG_CENSUS_EVERY_DAYS)"},
                check_results=[CENSUS_CHECK.passed_over(key=key)],
            )
        with dagster_failures(context.op_execution_context):
            taken = open_id_lister.pull(api_object, run_id=context.run.run_id, progress=context.log.info)
        pull = taken.pull
        return dg.MaterializeResult(
            metadata={
                "dagster/row_count": pull.rows,
                "pages": pull.pages,
                "requests": pull.requests,
                "retries": pull.retries,
                "seconds": round(pull.seconds, 3),
                "began": dg.MetadataValue.timestamp(taken.listing.began_at),
                "ended": dg.MetadataValue.timestamp(taken.listing.ended_at),
            },
            check_results=[CENSUS_CHECK.result(taken, key=key)],
        )

    return census


census_assets = [make_census_asset(BY_NAME[name]) for name in LISTED_OBJECTS]


@dg.asset(
    key=DELETION_CHECKS,
    description=(
        "What Ordergroove answered about orders and items that vanished: 404 is proof that one was deleted, 200 brings "
        "its fresh row into raw.\n\nOne call of `GET /orders/{id}/` or `GET /items/{id}/` for each."
    ),
    group_name="ordergroove",
    kinds={"ordergroove", "parquet"},
    pool="ordergroove_deletion_checks",
    # After all that shows rows alive: whatever they tell need not be asked.
    deps=[
        *(asset.key for asset in census_assets),
        *(dg.AssetKey(["ordergroove", api_object.name]) for api_object in OBJECT_OF.values()),
        WEBHOOK_EVENTS,
    ],
    check_specs=[check.spec(DELETION_CHECKS) for check in DELETION_CHECK_CHECKS],
)
def deletion_checks(
    context: dg.AssetExecutionContext, existence_checker: dg.ResourceParam[ExistenceChecker]
) -> dg.MaterializeResult:
    """Ask about what vanished, orders before items."""
    exit_with_parent()
    with dagster_failures(context.op_execution_context):
        reports = existence_checker.run(run_id=context.run.run_id, progress=context.log.info)
    for report in reports.values():
        if report.problem:
            context.log.warning(report.problem)
    return dg.MaterializeResult(
        metadata={
            f"{object_type}s/{name}": getattr(report, name)
            for object_type, report in reports.items()
            for name in ("suspected", "deleted", "alive", "waiting", "requests")
        },
        check_results=[check.result(reports, key=DELETION_CHECKS) for check in DELETION_CHECK_CHECKS],
    )
