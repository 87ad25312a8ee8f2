"""Gates while a child is trained."""

import pytest

from search_engine.spec.errors import CheckpointError
from search_engine.training.gates import Gates
from tests.search_engine.training.small import child_network, start_network


@pytest.mark.parametrize(("progress", "opening"), [(0.0, 0.0), (0.2, 0.25), (0.6, 0.75)])
def test_all_gates_open_together(progress: float, opening: float) -> None:
    network = child_network()
    assert Gates(network, annealing=0.8).open(progress) is False
    assert len(network.gates()) > 1
    for gate in network.gates():
        assert float(gate.opening) == pytest.approx(opening)


def test_gates_are_taken_away_once_when_they_are_open() -> None:
    network = child_network()
    gates = Gates(network, annealing=0.8)
    assert [gates.open(progress) for progress in (0.7, 0.8, 0.9)] == [False, True, False]
    assert not network.gates()


def test_gates_that_came_back_open_too() -> None:
    network = start_network()
    name = "blocks.stage1_block1.cell.root.branches.0.gate"
    gates = Gates(network, annealing=0.8)
    gates.restore({name: (0, 4)})
    assert gates.parts() == {name: (0, 4)}
    gates.open(0.4)
    (gate,) = network.gates()
    assert gate.part == (0, 4)
    assert gate.opening == 0.5


@pytest.mark.parametrize("part", [(), (3,), (5, 2), (-1, 4), (0, 1000)])
def test_a_part_outside_the_edge_is_refused(part: tuple[int, ...]) -> None:
    network = start_network()
    name = "blocks.stage1_block1.cell.root.branches.0.gate"
    with pytest.raises(CheckpointError, match="expected two channels"):
        Gates(network, annealing=0.5).restore({name: part})
