"""Asking Ordergroove about what vanished: one retrieve call for each candidate (design D6).

404 is proof that it is gone; 200 shows that it lives, and the fresh row lands in raw. Belongs here: asking, and landing
the answers batch by batch. Does not belong here: who is a candidate (`lake/candidates.py`), what an answer means
(dbt's `int_deletion_evidence`).

With a key that lost its rights, or at another store, everything is 404. So no 404 of a batch is believed unless
a witness, a row that must be there, was shown before it and after it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from og_assets.connection import Connection, MakeClient
from og_assets.lake.candidates import OBJECT_OF, Found, find_candidates
from og_assets.lake.deletion_checks import CheckRow, ObjectType
from og_assets.lake.lake import RETRIEVED, Lake
from og_assets.lake.privacy import PiiPolicy
from og_assets.ordergroove.client import OrdergrooveClient
from og_assets.ordergroove.errors import AccessError, OrdergrooveError
from og_assets.ordergroove.objects import ApiObject
from og_assets.settings import Settings

# So many answers land together: what a killed run has asked for nothing is bounded by it.
BATCH = 200
# One row that cannot be shown is that row's trouble; several in a row are Ordergroove's, and the rest waits.
MOST_FAILURES = 3

Progress = Callable[[str], None]


@dataclass(kw_only=True)
class TypeReport:
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


class DeletionChecker:
    """Asks one store about what vanished from one lake. Makes an HTTP client anew for each type.

    Raises `SettingsError` where the key is missing, `AccessError` where it is refused, and `LakeError`.
    """

    def __init__(self, settings: Settings, lake: Lake, *, make_client: MakeClient = OrdergrooveClient) -> None:
        self._settings = settings
        self._lake = lake
        self._connection = Connection(settings, make_client)

    def run(
        self, *, run_id: str, limit: int | None = None, progress: Progress = lambda _said: None
    ) -> dict[ObjectType, TypeReport]:
        """Ask about orders, then about items, `limit` of each at most; the rest waits, and is recorded as waiting.

        A type of which no census was taken yet is not in the answer.
        """
        limit = self._settings.og_deletion_checks if limit is None else limit
        self._lake.prepare()
        reports: dict[ObjectType, TypeReport] = {}
        for object_type, api_object in OBJECT_OF.items():
            found = find_candidates(self._lake, object_type, zone=self._settings.zone)
            if found is None:
                progress(f"no census of {api_object.name} was taken yet, so nothing can be missed in it")
                continue
            with self._connection.client(api_object) as client:
                inquiry = _Inquiry(api_object, found, client, self._lake, policy=self._settings.og_pii, run_id=run_id)
                reports[object_type] = inquiry.run(limit=limit, progress=progress)
            # All that an older census was the last to list is on record now, answered or waiting.
            self._lake.censuses(api_object).forget_before(found.census)
        return reports


class _Inquiry:
    """The questions about one type in one run."""

    def __init__(
        self,
        api_object: ApiObject,
        found: Found,
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
        self.report = TypeReport(candidates=len(found.candidates))

    def run(self, *, limit: int, progress: Progress) -> TypeReport:
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
        self._lake.record_checks([row for row in unproved if not row.is_on_record], run_id=self._run_id)
        return report

    def _ask(self, batch: Sequence[CheckRow]) -> Sequence[CheckRow]:
        """Ask about each, land the answers that are believed, and return those rows that have none."""
        if not self._sees_a_witness():
            return batch
        answered: list[CheckRow] = []
        shown: list[tuple[dict[str, Any], datetime]] = []
        for row in batch:
            if self.report.problem is not None:
                break
            try:
                fresh = self._client.retrieve(self._object, row.object_id)
            except AccessError:
                raise
            except OrdergrooveError as error:
                self._failures += 1
                self.report.problem = str(error) if self._failures == MOST_FAILURES else None
                continue
            self._failures = 0
            at = self._client.traffic.last_answer_at or datetime.now(UTC)
            answered.append(replace(row, checked_at=at, status=404 if fresh is None else 200))
            if fresh is not None:
                shown.append((fresh, at))
        if len(shown) < len(answered) and not self._sees_a_witness():
            return batch
        self._land(shown)
        self._lake.record_checks(answered, run_id=self._run_id)
        self.report.alive += len(shown)
        self.report.gone += len(answered) - len(shown)
        done = {row.object_id for row in answered}
        return [row for row in batch if row.object_id not in done]

    def _sees_a_witness(self) -> bool:
        """Whether Ordergroove shows one of the rows that must be there."""
        witnesses = self._found.witnesses
        try:
            if any(self._client.retrieve(self._object, key) for key in witnesses):
                return True
        except AccessError:
            raise
        except OrdergrooveError as error:
            self.report.problem = str(error)
            return False
        self.report.is_believed = False
        self.report.problem = (
            f"None of {len(witnesses)} {self._object.name} that must be there is shown, so that others are not shown "
            "proves nothing. Check that ORDERGROOVE_BASE_URL and ORDERGROOVE_API_KEY are those of the store that this "
            "data folder was filled from."
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
