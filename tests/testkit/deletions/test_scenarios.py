"""Scenarios: a case has its length, is the same for the same seed, and varies by seed what is not documented."""

import pytest

from testkit.deletions.scenarios import BY_NAME, NO_LIMIT, SCENARIOS, Case, Scenario, syncs

every_scenario = pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)


@every_scenario
@pytest.mark.parametrize("seed", range(4))
def test_case_has_its_length_and_ends_with_a_complete_sync(scenario: Scenario, seed: int) -> None:
    case = Case(scenario=scenario, seed=seed, days=100).resolved()
    all_syncs = list(syncs(case))
    assert sum(sync.hours for sync in all_syncs) == 100 * 24
    for sync in (all_syncs[0], all_syncs[-1]):
        assert (sync.pull, sync.listing, sync.is_interrupted) == (True, True, False)
    assert all_syncs[-1].check_limits[-1] == NO_LIMIT


@every_scenario
def test_same_seed_gives_the_same_case(scenario: Scenario) -> None:
    case = Case(scenario=scenario, seed=3).resolved()
    assert case == Case(scenario=scenario, seed=3).resolved()
    assert list(syncs(case)) == list(syncs(case))
    assert case.scenario.emptied_orders is not None


def test_seeds_vary_what_the_documentation_leaves_open() -> None:
    cases = [Case(scenario=BY_NAME["complete"], seed=seed).resolved() for seed in range(4)]
    assert {case.scenario.emptied_orders for case in cases} == {"keep", "delete"}
    assert len({case.store_arguments["out_of_stock"] for case in cases}) == 2
    assert {case.shape.nesting for case in cases} == {"data", "top"}


def test_random_scenario_varies_events_and_syncs() -> None:
    cases = [Case(scenario=BY_NAME["random"], seed=seed).resolved() for seed in range(30)]
    settings = {
        (case.scenario.webhooks_from_day, case.scenario.share_lost, case.scenario.hours_per_page) for case in cases
    }
    assert len(settings) > 10
    all_syncs = [list(syncs(case)) for case in cases]
    assert any(sync.is_interrupted and sync.listing for one in all_syncs for sync in one)
    assert any(len(sync.check_limits) == 2 for one in all_syncs for sync in one[:-1])


def test_scenarios_know_whether_every_event_arrives() -> None:
    complete = {scenario.name for scenario in SCENARIOS if scenario.has_all_events}
    assert complete == {"complete", "disordered", "emptied_kept", "emptied_deleted", "random"}
    assert not any(Case(scenario=BY_NAME["random"], seed=seed).resolved().scenario.has_all_events for seed in range(30))
