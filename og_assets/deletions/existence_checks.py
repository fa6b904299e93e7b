"""Asking Ordergroove about what vanished: one retrieve call for each candidate (design D6).

404 is proof that it is gone; 200 shows that it lives, and the fresh row lands in raw. Belongs here: asking, and landing
the answers batch by batch. Does not belong here: who is a candidate (`lake/candidates.py`), what an answer means
(dbt's `int_deletion_evidence`).

With a key that lost its rights, or at another store, everything is 404. So no 404 of a batch is believed unless
witnesses, rows that must be there, were shown before it and after it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from og_assets.deletions.check_rows import ExistenceCheckRow, ObjectType
from og_assets.deletions.suspected_deletions import OBJECT_OF, SuspectedDeletions, find_suspected_deletions
from og_assets.extraction.connection import Connection, MakeClient
from og_assets.lake.lake import RETRIEVED, Lake
from og_assets.lake.privacy import PiiPolicy
from og_assets.ordergroove.client import OrdergrooveClient
from og_assets.ordergroove.errors import AccessError, OrdergrooveError
from og_assets.ordergroove.objects import ApiObject
from og_assets.settings import Settings

# So many answers land together: what a killed run has asked for nothing is bounded by it.
BATCH = 200
# Rows in a row that cannot be shown: then a witness tells whether that is their trouble or Ordergroove's.
FAILURES_IN_A_ROW = 3
# All that one run bears for one type; each has been tried several times. The rest waits for the next run.
MOST_FAILURES = 30
MOST_SECONDS = 1200.0
# A question waits less patiently than a walk, which would have to begin anew.
ATTEMPTS = 3

Progress = Callable[[str], None]


@dataclass(kw_only=True)
class CheckReport:
    """What came of the candidates of one type.

    `waiting` have no answer yet; of those, `unproved` are not told deleted by a webhook either. `problem` says why
    asking stopped early, and `is_believed` is False where that is because not even witnesses were shown.
    """

    candidates: int = 0
    gone: int = 0
    alive: int = 0
    waiting: int = 0
    unproved: int = 0
    requests: int = 0
    is_believed: bool = True
    problem: str | None = None


class ExistenceChecker:
    """Asks one store about what vanished from one lake. Makes an HTTP client anew for each type.

    Raises `SettingsError` where the key is missing, and `LakeError`. That Ordergroove does not answer, or refuses to,
    is no error: what has no answer waits, and the report says why.
    """

    def __init__(self, settings: Settings, lake: Lake, *, make_client: MakeClient = OrdergrooveClient) -> None:
        self._settings = settings
        self._lake = lake
        self._connection = Connection(settings, make_client)

    def run(
        self, *, run_id: str, limit: int | None = None, progress: Progress = lambda _said: None
    ) -> dict[ObjectType, CheckReport]:
        """Ask about orders, then about items, `limit` of each at most; the rest waits, and is recorded as waiting.

        A type of which no census was taken yet is not in the answer.
        """
        limit = self._settings.og_deletion_checks if limit is None else limit
        self._lake.prepare(EVENTS, DELETION_CHECKS)
        reports: dict[ObjectType, CheckReport] = {}
        for object_type, api_object in OBJECT_OF.items():
            found = find_suspected_deletions(self._lake, object_type, zone=self._settings.zone)
            if found is None:
                progress(f"no census of {api_object.name} was taken yet, so nothing can be missed in it")
                continue
            with self._connection.client(api_object, max_attempts=ATTEMPTS) as client:
                inquiry = _Inquiry(api_object, found, client, self._lake, policy=self._settings.og_pii, run_id=run_id)
                reports[object_type] = inquiry.run(limit=limit, progress=progress)
            # All that an older census was the last to list is on record now, answered or waiting.
            open_id_listings_of(self._lake.root, api_object).forget_before(found.census)
        return reports


class _Inquiry:
    """The questions about one type in one run."""

    def __init__(
        self,
        api_object: ApiObject,
        found: SuspectedDeletions,
        client: OrdergrooveClient,
        lake: Lake,
        *,
        policy: PiiPolicy,
        run_id: str,
    ) -> None:
        self._object = api_object
        self._found = found
        self._client = client
        self._lake = lake
        self._policy = policy
        self._run_id = run_id
        self._failures = 0
        self._failures_in_a_row = 0
        self._deadline = monotonic() + MOST_SECONDS
        self.report = CheckReport(candidates=len(found.candidates))

    def run(self, *, limit: int, progress: Progress) -> CheckReport:
        """Ask, batch by batch, until the limit is reached or asking makes no sense any more."""
        report, candidates = self.report, self._found.candidates
        waiting = list(candidates[limit:])
        for start in range(0, min(limit, len(candidates)), BATCH):
            batch = candidates[start : min(start + BATCH, limit)]
            waiting += self._ask(batch) if report.problem is None else batch
            progress(
                f"{self._object.name}: {report.gone:,} gone and {report.alive:,} alive of {report.candidates:,} that "
                "are not where they were"
            )
        report.waiting = len(waiting)
        unproved = [row for row in waiting if row.reason != "told_deleted"]
        report.unproved = len(unproved)
        report.requests = self._client.traffic.requests
        # Where it was listed last must be known when its turn comes. Once is enough.
        record_checks(self._lake.root, [row for row in unproved if not row.is_on_record], run_id=self._run_id)
        return report

    def _ask(self, batch: Sequence[ExistenceCheckRow]) -> Sequence[ExistenceCheckRow]:
        """Ask about each, land the answers that are believed, and return those rows that have none."""
        if not self._sees_witnesses():
            return batch
        answered: list[ExistenceCheckRow] = []
        failed: list[ExistenceCheckRow] = []
        shown: list[tuple[dict[str, Any], datetime]] = []
        traffic = self._client.traffic
        for row in batch:
            if self._is_enough():
                break
            try:
                fresh = self._client.retrieve(self._object, row.object_id)
            except OrdergrooveError as error:
                failed.append(replace(row, checked_at=datetime.now(UTC), status=error.status or 0))
                self._note_failure(error)
                continue
            self._failures_in_a_row = 0
            if fresh is None:
                answered.append(replace(row, checked_at=traffic.last_answer_at, status=404))
            else:
                answered.append(replace(row, checked_at=traffic.last_look_at, status=200))
                shown.append((fresh, traffic.last_look_at or datetime.now(UTC)))
        if len(shown) < len(answered) and not self._sees_witnesses():
            return batch
        self._land(shown)
        record_checks(self._lake.root, [*answered, *failed], run_id=self._run_id)
        self.report.alive += len(shown)
        self.report.gone += len(answered) - len(shown)
        done = {row.object_id for row in answered}
        return [row for row in batch if row.object_id not in done]

    def _is_enough(self) -> bool:
        """Whether asking makes no sense any more in this run; says why, where nobody did yet."""
        if self.report.problem is None and self._failures >= MOST_FAILURES:
            self.report.problem = f"{self._failures} {self._object.name} could not be shown; the rest waits."
        if self.report.problem is None and monotonic() > self._deadline:
            self.report.problem = (
                f"Asking about {self._object.name} took {MOST_SECONDS / 60:.0f} minutes; the rest waits."
            )
        return self.report.problem is not None

    def _note_failure(self, error: OrdergrooveError) -> None:
        self._failures += 1
        self._failures_in_a_row += 1
        if isinstance(error, AccessError):
            self.report.problem = str(error)
        elif self._failures_in_a_row >= FAILURES_IN_A_ROW and self._sees_witnesses():
            # It is these rows' own trouble. They are asked about last from now on.
            self._failures_in_a_row = 0

    def _sees_witnesses(self) -> bool:
        """Whether Ordergroove shows the rows that must be there: all of two, all but one of more."""
        witnesses = self._found.witnesses
        if not witnesses:
            self.report.problem = (
                f"Nothing is known yet that Ordergroove must show, so that {self._object.name} are not shown proves "
                "nothing. This ends by itself once an order was placed and pulled."
            )
            return False
        bearable = 1 if len(witnesses) > 2 else 0
        missing = 0
        try:
            for key in witnesses:
                missing += self._client.retrieve(self._object, key) is None
                if missing > bearable:
                    break
        except OrdergrooveError as error:
            self.report.problem = str(error)
            return False
        if missing <= bearable and self._found.merchants <= 1:
            return True
        self.report.is_believed = False
        self.report.problem = (
            f"{self._object.name.capitalize()} that must be there are not shown, or the lake holds the orders of more "
            "than one merchant; so that others are not shown proves nothing. Check that ORDERGROOVE_BASE_URL and "
            "ORDERGROOVE_API_KEY are those of the store that this data folder was filled from, and that the key has "
            "lost no permission."
        )
        return False

    def _land(self, shown: Sequence[tuple[dict[str, Any], datetime]]) -> None:
        """Land the rows that were shown, each with the time of its answer."""
        if not shown:
            return
        landing = self._lake.landing(
            self._object, window=RETRIEVED, pulled_at=datetime.now(UTC), run_id=self._run_id, policy=self._policy
        )
        with landing:
            for row, seen_at in shown:
                landing.add([row], seen_at=seen_at)
