"""Kill -9 loses nothing that was acknowledged, tears nothing and doubles nothing; `make prove` does it fifty times."""

from pathlib import Path

from testkit.receiver.kill_loop import kill_loop


def test_killed_at_random_moments_all_that_was_acknowledged_is_downstream_once(tmp_path: Path) -> None:
    outcome = kill_loop(tmp_path / "data", kills=4, seed=11)
    # How many there are goes with the machine.
    assert outcome.kills == 4 and outcome.intakes > 2 and len(outcome.acknowledged) > 20, outcome
    outcome.check()
