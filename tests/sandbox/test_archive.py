"""A store on disk answers as one in memory does."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from og_assets.sandbox import RunningStore, Store, serve
from og_assets.sandbox.archive import build, build_archive, serve_archive
from og_assets.sandbox.archive.spec import KEPT
from og_assets.sandbox.rest.listings import LISTINGS

from .asking import LISTS, Asking
from .conftest import UNTIL
from .contract import PARAMETERS

PATHS = {listing.name: listing.path for listing in LISTINGS}
LARGE = [PATHS[kept.name] for kept in KEPT]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Asking, Asking]]:
    """The same small store, in memory and on disk."""
    folder = tmp_path_factory.mktemp("archive")
    arguments: dict[str, Any] = {"seed": 6, "customers": 60, "days": 150, "until": UNTIL}
    build_archive(folder, **arguments)
    with serve(Store(**arguments)) as memory, serve_archive(folder) as disk:
        yield Asking(memory.url), Asking(disk.url)


@pytest.mark.parametrize("path", LISTS)
def test_every_walk_is_the_same(both: tuple[Asking, Asking], path: str) -> None:
    pages = [asking.pages(path, page_size=17) for asking in both]
    memory, disk = ([page["results"] for page in walk] for walk in pages)
    assert memory == disk
    links = [[page["next"] and page["next"].split("?")[1] for page in walk] for walk in pages]
    assert links[0] == links[1]


@pytest.mark.parametrize("path", [path for path in LARGE if path != "/placement_logs/responses/"])
def test_every_single_row_is_the_same(both: tuple[Asking, Asking], path: str) -> None:
    for key in both[0].ids(path)[::29]:
        memory, disk = (asking.get(f"{path}{key}/").json() for asking in both)
        assert memory == disk
    assert [asking.get(f"{path}none/").status_code for asking in both] == [404, 404]


SKIPPED = {"resource_public_ids", "resource_name", "grantee_external_ids_exact"}
CASES = [(path, name) for path in LARGE for name in PARAMETERS[path] if name not in SKIPPED]


@pytest.mark.parametrize(("path", "name"), CASES)
def test_every_parameter_finds_the_same(both: tuple[Asking, Asking], path: str, name: str) -> None:
    parameter = PARAMETERS[path][name]
    values = [value for row in both[0].rows(path) if (value := parameter.value(row)) is not None]
    for value in values[:: max(len(values) // 3, 1)]:
        memory, disk = (asking.rows(path, **{name: value}, page_size=50) for asking in both)
        assert memory == disk != []


def test_other_questions_find_the_same(both: tuple[Asking, Asking]) -> None:
    one = next(row for row in both[0].rows("/items/") if row["subscription"])
    for path, query in (
        ("/orders/", {"subscription": one["subscription"]}),
        ("/orders/", {"include_has_plan": "true"}),
        ("/items/", {"omit_price_calculation": "true"}),
        ("/items/", {"status": 5, "place_start": "2026-09-01", "place_end": "2026-10-15"}),
        ("/placement_logs/responses/", {"start_date": "2026-09-01 00:00:00", "end_date": "2026-10-01 00:00:00"}),
        ("/orders/", {"updated_start": "nonsense"}),
        ("/orders/", {"status": "many"}),
        ("/orders/", {"cursor": "nonsense"}),
    ):
        memory, disk = (asking.get(path, **{"page_size": 30, **query}) for asking in both)
        assert memory.status_code == disk.status_code
        assert memory.json().get("results", memory.json()) == disk.json().get("results", disk.json())


def test_version_1_and_the_way_back_are_the_same(both: tuple[Asking, Asking]) -> None:
    answers = []
    for asking in both:
        headers = {"X-OG-API-VERSION": ""}
        page = asking.http.get("/items/", params={"page": 3, "page_size": 20}, headers=headers).json()
        back = asking.http.get(asking.pages("/items/", page_size=20)[2]["previous"]).json()
        answers.append((page["count"], page["results"], back["results"]))
        assert asking.http.get("/items/", params={"page": 9999}, headers=headers).status_code == 404
        assert asking.http.get("/items/", headers={"x-api-key": "wrong"}).status_code == 403
    assert answers[0] == answers[1]


def test_an_archive_refuses_changes(both: tuple[Asking, Asking]) -> None:
    key = both[1].ids("/subscriptions/")[0]
    assert both[1].http.patch(f"/subscriptions/{key}/cancel/", json={"cancel_reason": "1"}).status_code == 400


def test_many_parts_make_one_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "CUSTOMERS_PER_PART", 20)
    counts = build_archive(tmp_path, seed=6, customers=50, days=90, until=UNTIL)
    with serve_archive(tmp_path) as running:
        client = Asking(running.url)
        for path in LARGE:
            rows = client.rows(path, page_size=33)
            ids = [row[LISTS[path]] for row in rows]
            assert len(ids) == len(set(ids)) == counts[next(name for name in PATHS if PATHS[name] == path)]
            if "created" in rows[0] and path != "/entitlements/":
                created = [datetime.fromisoformat(row["created"]) for row in rows]
                assert created == sorted(created, reverse=True)
        merchants = {row["merchant"] for row in client.rows("/customers/")}
        assert merchants == {running.store.merchant}
        assert set(client.ids("/items/")) == ids_of_truth(tmp_path, "items")
        assert_faults_work(running, client)


def ids_of_truth(folder: Path, table: str) -> set[str]:
    return set(pq.read_table(folder / "truth" / table).column("id").to_pylist())


def assert_faults_work(running: RunningStore, client: Asking) -> None:
    running.faults.error_every = 1
    assert client.get("/orders/").status_code == 500
    assert running.requests.count("orders") > 0
