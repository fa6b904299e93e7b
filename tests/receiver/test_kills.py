"""kill -9 loses, tears and duplicates no acknowledged event; `make prove` kills fifty times."""

from pathlib import Path

from testkit.receiver.kill_loop import kill_loop


def test_every_acknowledged_event_is_downstream_once_after_kills(tmp_path: Path) -> None:
    outcome = kill_loop(tmp_path / "data", kills=3, seed=11)
    # How many events there are depends on the speed of the machine.
    assert outcome.kills == 3 and outcome.ingest_runs > 1 and outcome.kills_under_load > 0, outcome
    outcome.check()
