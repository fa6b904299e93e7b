"""The lives that are proved: as long as they are said to be, the same for the same seed, and different for others."""

import pytest

from testkit.deletions.scenarios import WORLDS, Case, World, syncs

worlds = pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)


@worlds
@pytest.mark.parametrize("seed", range(4))
def test_a_life_is_as_long_as_it_is_said_to_be_and_ends_with_nothing_held_back(world: World, seed: int) -> None:
    case = Case(world=world, seed=seed, days=100).settled()
    rhythm = list(syncs(case))
    assert sum(sync.hours for sync in rhythm) == 100 * 24
    for sync in (rhythm[0], rhythm[-1]):
        assert (sync.pull, sync.census, sync.cut) == (True, True, False)
    assert rhythm[-1].checks[-1] > 10**6


@worlds
def test_the_same_seed_is_the_same_life(world: World) -> None:
    case = Case(world=world, seed=3).settled()
    assert case == Case(world=world, seed=3).settled()
    assert list(syncs(case)) == list(syncs(case))
    assert case.world.emptied_orders is not None


def test_seeds_vary_what_the_documentation_leaves_open() -> None:
    told = [Case(world=WORLDS[0], seed=seed).settled() for seed in range(4)]
    assert {case.world.emptied_orders for case in told} == {"keep", "delete"}
    assert {case.store_arguments["out_of_stock"] for case in told} == {"silent", "told"}
    assert {case.shape.nesting for case in told} == {"data", "top"}
    random = [Case(world=WORLDS[-1], seed=seed).settled() for seed in range(30)]
    assert len({(case.world.told_after, case.world.lost, case.world.stir_hours) for case in random}) > 10
    rhythms = [list(syncs(case)) for case in random]
    assert any(sync.cut and sync.census for rhythm in rhythms for sync in rhythm)
    assert any(len(sync.checks) == 2 for rhythm in rhythms for sync in rhythm[:-1])


def test_rows_say_whether_all_is_told() -> None:
    told = {world.name for world in WORLDS if world.is_told_everything}
    assert told == {"told", "garbled", "kept", "dropped", "random"}
    assert not any(Case(world=WORLDS[-1], seed=seed).settled().world.is_told_everything for seed in range(30))
