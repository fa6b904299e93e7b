"""Check suspected deletions with one retrieve call each.

404 proves the deletion; 200 proves that the object exists, and its current row lands in raw. Belongs here: the calls,
and storing the answers batch by batch. Does not belong here: which objects are suspected (`suspected_deletions.py`),
what an answer means for the marts (dbt's `int_deletion_evidence`).

With a key that lost a permission, or at another store, every call is answered with 404. So the 404 answers of a batch
count only if control rows, which must exist, are returned both before and after the batch.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from og_assets.deletions.check_rows import DELETION_CHECKS, ExistenceCheckRow, ObjectType, record_checks
from og_assets.deletions.open_id_listings import open_id_listings_of
from og_assets.deletions.suspected_deletions import OBJECT_OF, SuspectedDeletions, find_suspected_deletions
from og_assets.events.land import EVENTS
from og_assets.extraction.connection import Connection, MakeClient
from og_assets.lake.lake import RETRIEVED, Lake
from og_assets.lake.privacy import PiiPolicy
from og_assets.ordergroove.client import OrdergrooveClient
from og_assets.ordergroove.errors import AccessError, OrdergrooveError
from og_assets.ordergroove.objects import ApiObject
from og_assets.settings import Settings

# Answers are stored per batch, so a killed run loses at most this many.
BATCH = 200
# After this many failures in a row, control rows decide whether Ordergroove is down or only these objects fail.
MAX_FAILURES_IN_A_ROW = 3
# Limits of one run for one object type. The client has retried each failure. The rest waits for the next run.
MAX_FAILURES = 30
MAX_SECONDS = 1200.0
# A listing needs patient retries, because it would start over. A single check can wait for the next run.
ATTEMPTS = 3

Progress = Callable[[str], None]


@dataclass(kw_only=True)
class CheckReport:
    """Result of the checks of one object type in one run.

    `suspected` = `deleted` + `alive` + `waiting`. `waiting` have no answer yet; `unconfirmed` are those of them that no
    webhook reported either. `problem` says why the run stopped early. `can_trust_404` is False if it stopped because
    control rows were not returned.
    """

    suspected: int = 0
    deleted: int = 0
    alive: int = 0
    waiting: int = 0
    unconfirmed: int = 0
    requests: int = 0
    can_trust_404: bool = True
    problem: str | None = None


class ExistenceChecker:
    """Checks the suspected deletions of one lake at one store, with a new HTTP client for each object type.

    Raises `SettingsError` if the API key is missing, and `LakeError`. Errors of Ordergroove do not raise: objects
    without an answer wait for the next run, and the report names the problem.
    """

    def __init__(self, settings: Settings, lake: Lake, *, make_client: MakeClient = OrdergrooveClient) -> None:
        self._settings = settings
        self._lake = lake
        self._connection = Connection(settings, make_client)

    def run(
        self, *, run_id: str, limit: int | None = None, progress: Progress = lambda _message: None
    ) -> dict[ObjectType, CheckReport]:
        """Check orders, then items, at most `limit` of each; record the rest as waiting.

        A type without an open-ID listing has no report.
        """
        limit = self._settings.og_deletion_checks if limit is None else limit
        self._lake.prepare(EVENTS, DELETION_CHECKS)
        reports: dict[ObjectType, CheckReport] = {}
        for object_type, api_object in OBJECT_OF.items():
            suspected = find_suspected_deletions(self._lake, object_type, zone=self._settings.zone)
            if suspected is None:
                progress(f"{api_object.name}: no open-ID listing yet, so there is nothing to compare with")
                continue
            with self._connection.client(api_object, max_attempts=ATTEMPTS) as client:
                checks = _ChecksOfType(
                    api_object, suspected, client, self._lake, policy=self._settings.og_pii, run_id=run_id
                )
                reports[object_type] = checks.run(limit=limit, progress=progress)
            # The evidence of older listings is now recorded in the check rows, answered or waiting.
            open_id_listings_of(self._lake.root, api_object).remove_before(suspected.listing)
        return reports


class _ChecksOfType:
    """The checks of one object type in one run."""

    def __init__(
        self,
        api_object: ApiObject,
        suspected: SuspectedDeletions,
        client: OrdergrooveClient,
        lake: Lake,
        *,
        policy: PiiPolicy,
        run_id: str,
    ) -> None:
        self._object = api_object
        self._suspected = suspected
        self._client = client
        self._lake = lake
        self._policy = policy
        self._run_id = run_id
        self._failures = 0
        self._failures_in_a_row = 0
        self._deadline = monotonic() + MAX_SECONDS
        self.report = CheckReport(suspected=len(suspected.rows))

    def run(self, *, limit: int, progress: Progress) -> CheckReport:
        """Check batch by batch, until the limit or a problem stops the run."""
        report, rows = self.report, self._suspected.rows
        waiting = list(rows[limit:])
        for start in range(0, min(limit, len(rows)), BATCH):
            batch = rows[start : min(start + BATCH, limit)]
            waiting += self._check(batch) if report.problem is None else batch
            progress(
                f"{self._object.name}: {report.deleted:,} deleted and {report.alive:,} alive of "
                f"{report.suspected:,} suspected deletions"
            )
        report.waiting = len(waiting)
        unconfirmed = [row for row in waiting if row.reason != "told_deleted"]
        report.unconfirmed = len(unconfirmed)
        report.requests = self._client.traffic.requests
        # The check of a waiting object needs the time of its last listing, which is removed after this run.
        record_checks(self._lake.root, [row for row in unconfirmed if not row.is_on_record], run_id=self._run_id)
        return report

    def _check(self, batch: Sequence[ExistenceCheckRow]) -> Sequence[ExistenceCheckRow]:
        """Check a batch, store the answers that can be trusted, and return the rows without one."""
        if not self._control_rows_exist():
            return batch
        answered: list[ExistenceCheckRow] = []
        failed: list[ExistenceCheckRow] = []
        alive: list[tuple[dict[str, Any], datetime]] = []
        traffic = self._client.traffic
        for row in batch:
            if self._must_stop():
                break
            try:
                current = self._client.retrieve(self._object, row.object_id)
            except OrdergrooveError as error:
                failed.append(replace(row, checked_at=datetime.now(UTC), status=error.status or 0))
                self._count_failure(error)
                continue
            self._failures_in_a_row = 0
            if current is None:
                answered.append(replace(row, checked_at=traffic.last_answer_at, status=404))
            else:
                answered.append(replace(row, checked_at=traffic.last_look_at, status=200))
                alive.append((current, traffic.last_look_at or datetime.now(UTC)))
        if len(alive) < len(answered) and not self._control_rows_exist():
            return batch
        self._land(alive)
        record_checks(self._lake.root, [*answered, *failed], run_id=self._run_id)
        self.report.alive += len(alive)
        self.report.deleted += len(answered) - len(alive)
        done = {row.object_id for row in answered}
        return [row for row in batch if row.object_id not in done]

    def _must_stop(self) -> bool:
        """Whether a limit of the run is reached; sets `problem` if it is not set yet."""
        if self.report.problem is None and self._failures >= MAX_FAILURES:
            self.report.problem = (
                f"Retrieving {self._object.name} failed {self._failures} times; the rest waits for the next run."
            )
        if self.report.problem is None and monotonic() > self._deadline:
            self.report.problem = (
                f"Checking {self._object.name} took more than {MAX_SECONDS / 60:.0f} minutes; the rest waits for the "
                "next run."
            )
        return self.report.problem is not None

    def _count_failure(self, error: OrdergrooveError) -> None:
        self._failures += 1
        self._failures_in_a_row += 1
        if isinstance(error, AccessError):
            self.report.problem = str(error)
        elif self._failures_in_a_row >= MAX_FAILURES_IN_A_ROW and self._control_rows_exist():
            # Only these objects fail. Their recorded status makes the next run check them last.
            self._failures_in_a_row = 0

    def _control_rows_exist(self) -> bool:
        """Whether Ordergroove returns the control rows: both of two, all but one of more. Sets `problem` if not."""
        control_rows = self._suspected.control_rows
        if not control_rows:
            self.report.problem = (
                f"The lake has no closed order yet that could serve as a control row, so a 404 for {self._object.name} "
                "proves nothing. Checks begin once an order was placed and pulled."
            )
            return False
        tolerated = 1 if len(control_rows) > 2 else 0
        missing = 0
        try:
            for object_id in control_rows:
                missing += self._client.retrieve(self._object, object_id) is None
                if missing > tolerated:
                    break
        except OrdergrooveError as error:
            self.report.problem = str(error)
            return False
        if missing <= tolerated and self._suspected.merchants <= 1:
            return True
        self.report.can_trust_404 = False
        self.report.problem = (
            f"{self._object.name.capitalize()} that must exist are answered with 404, or the lake holds orders of more "
            "than one merchant, so a 404 proves no deletion. Check that ORDERGROOVE_BASE_URL and ORDERGROOVE_API_KEY "
            "belong to the store of this data folder, and that the key has not lost a permission."
        )
        return False

    def _land(self, alive: Sequence[tuple[dict[str, Any], datetime]]) -> None:
        """Land the current rows, each with the time of its request."""
        if not alive:
            return
        landing = self._lake.landing(
            self._object, window=RETRIEVED, pulled_at=datetime.now(UTC), run_id=self._run_id, policy=self._policy
        )
        with landing:
            for row, observed_at in alive:
                landing.add([row], seen_at=observed_at)
