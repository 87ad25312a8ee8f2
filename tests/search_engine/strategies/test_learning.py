"""What the learning strategies do with rewards."""

import pytest

from search_engine.spec import Operation, SearchSpace
from search_engine.spec.errors import InvalidConfig
from search_engine.strategies import Proposal, ReinforceStrategy, Strategy, make_strategy
from search_engine.strategies.proposal import growth_of

SPACE = SearchSpace()


def pools(proposal: Proposal) -> float:
    """Share of max pools among the chosen operations."""
    cell = growth_of(SPACE, proposal.transformations).cell
    chosen = [b.operation for path, b in cell.branches() if len(path) > 1]
    return chosen.count(Operation.MAX_POOL_3X3) / len(chosen)


def share_after(strategy: Strategy, cells: int) -> float:
    """Mean share of max pools in the last forty cells, when they alone are rewarded."""
    shares = []
    for _ in range(cells):
        proposal = strategy.ask()
        shares.append(pools(proposal))
        strategy.tell(proposal, 3 * shares[-1])
    return sum(shares[-40:]) / 40


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.thorough
def test_learning_strategies_find_what_is_rewarded_and_chance_does_not(seed: int) -> None:
    reinforce = make_strategy("reinforce", SPACE, seed, hidden=20)
    assert share_after(reinforce, 200) > 0.6
    assert share_after(make_strategy("evolution", SPACE, seed, population=20), 200) > 0.3
    assert share_after(make_strategy("random", SPACE, seed), 200) < 0.25


def test_an_update_is_made_at_every_tenth_tell_and_drops_what_was_drawn_before() -> None:
    strategy = make_strategy("reinforce", SPACE, 0, hidden=8)
    proposals = [strategy.ask() for _ in range(13)]
    assert {proposal.update for proposal in proposals} == {0}
    for count, proposal in enumerate(proposals[:10]):
        assert strategy.diagnostics()["waiting"] == count
        strategy.tell(proposal, 1.0 + count)
    assert strategy.diagnostics()["updates"] == 1
    assert strategy.diagnostics()["baseline"] == pytest.approx(5.5)
    assert strategy.ask().update == 1


def test_late_tells_are_counted_as_late() -> None:
    strategy = make_strategy("reinforce", SPACE, 0, hidden=8, batch=2)
    late = [strategy.ask() for _ in range(4)]
    for proposal in late:
        strategy.tell(proposal, 1.0)
    assert strategy.diagnostics()["lag"] == 1


def test_the_recorded_probability_is_that_of_the_policy_that_drew() -> None:
    strategy = make_strategy("reinforce", SPACE, 0, hidden=8)
    assert isinstance(strategy, ReinforceStrategy)
    proposal = strategy.ask()
    log_p, _ = strategy.controller.log_probabilities([proposal.choices])
    assert log_p.item() == pytest.approx(proposal.log_probability, abs=1e-4)


def test_reinforce_refuses_a_proposal_that_its_controller_cannot_have_grown() -> None:
    strategy = make_strategy("reinforce", SPACE, 0, hidden=8)
    with pytest.raises(InvalidConfig, match="choices"):
        strategy.tell(make_strategy("random", SPACE, 0).ask(), 1.0)
    one, other = strategy.ask(), strategy.ask()
    with pytest.raises(InvalidConfig, match="proposal"):
        strategy.tell(Proposal(one.transformations, other.choices), 1.0)
    assert strategy.told == 0


def test_evolution_starts_by_chance_and_lets_the_oldest_die() -> None:
    strategy = make_strategy("evolution", SPACE, 0, population=5, tournament=5)
    for count in range(12):
        strategy.tell(strategy.ask(), 100.0 if count == 0 else float(count))
    # The best was the first: it has died of age.
    assert strategy.diagnostics()["best"] == 11
    assert strategy.diagnostics()["population"] == 5


def test_evolution_breeds_from_the_best_of_its_tournament() -> None:
    strategy = make_strategy("evolution", SPACE, 0, population=4, tournament=4)
    proposals = [strategy.ask() for _ in range(4)]
    for proposal in proposals:
        strategy.tell(proposal, 1.0 if proposal is proposals[2] else 0.0)
    best = set(proposals[2].transformations)
    kept = [len(best & set(strategy.ask().transformations)) for _ in range(10)]
    assert sum(kept) / 10 > len(best) / 2
