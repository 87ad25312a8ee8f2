"""Stopped and resumed at any epoch, a training ends bit for bit as if nothing had happened."""

import functools
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from search_engine.networks import Network, build_network
from search_engine.spec.errors import CheckpointError
from search_engine.spec.training_events import EpochEnded
from search_engine.training.state import STATE_FILE, load_state, save_state
from tests.search_engine.training.small import (
    child_network,
    same_weights,
    start_network,
    train,
    train_until,
    trainer,
)

pytestmark = pytest.mark.thorough

MakeNetwork = Callable[[], Network]

# With 4 epochs of 4 steps, gates go at step 10 of 16, in the middle of the third epoch.
CASES: dict[str, tuple[MakeNetwork, dict[str, Any]]] = {
    "start": (start_network, {}),
    "warm-up": (start_network, {"warmup_epochs": 1.5, "gradient_clip": 1.0}),
    "child": (child_network, {"annealing": 0.6}),
    "child with average": (child_network, {"annealing": 0.6, "ema_decay": 0.9}),
    "child in bfloat16": (child_network, {"annealing": 0.6, "precision": "bfloat16"}),
    "no momentum": (start_network, {"momentum": 0.0}),
    "drop path": (lambda: child_network(drop_path=0.5), {"annealing": 0.6}),
    "condensenet": (lambda: start_network("condensenet"), {}),
    "condensenet child": (lambda: child_network("condensenet"), {"annealing": 0.6}),
    "condensenet with average": (lambda: start_network("condensenet"), {"ema_decay": 0.9}),
}


@functools.cache
def uninterrupted(case: str) -> tuple[Network, list[EpochEnded]]:
    """What a case comes to where nothing happens, and what it told; read by tests, not changed."""
    make, recipe = CASES[case]
    network = make()
    return network, train(trainer(network, **recipe))


@pytest.mark.parametrize("epoch", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("case", CASES)
def test_resumed_equals_uninterrupted(case: str, epoch: int, tmp_path: Path) -> None:
    make, recipe = CASES[case]
    whole, told = uninterrupted(case)
    stopped, resumed = make(), make()
    first = trainer(stopped, **recipe)
    save_state(train_until(first, epoch).state() if epoch else first.state(), tmp_path)
    second = trainer(resumed, seed=99, **recipe)
    second.restore(load_state(tmp_path))
    told_again = train(second)
    assert [event.loss for event in told_again] == [event.loss for event in told[epoch:]]
    assert same_weights(resumed, whole)
    assert not resumed.gates()


@pytest.mark.parametrize("epoch", [1, 3])
@pytest.mark.parametrize("family", ["densenet", "pyramidnet", "chainnet", "condensenet"])
def test_gates_come_back_onto_a_network_that_was_built_without(family: str, epoch: int) -> None:
    whole, stopped = child_network(family), child_network(family)
    train(trainer(whole, annealing=0.6))
    state = train_until(trainer(stopped, annealing=0.6), epoch).state()
    rebuilt = build_network(state.header.architecture, seed=7)
    resumed = trainer(rebuilt, annealing=0.6)
    resumed.restore(state)
    assert len(rebuilt.gates()) == len(stopped.gates()) == len(state.header.gates)
    assert bool(rebuilt.gates()) is (epoch == 1)
    train(resumed)
    assert same_weights(rebuilt, whole)


def test_a_stopped_trainer_can_be_restored_itself() -> None:
    whole, network = child_network(), child_network()
    train(trainer(whole))
    stopped = train_until(trainer(network), 1)
    state = stopped.state()
    next(stopped.run())
    stopped.restore(state)
    train(stopped)
    assert same_weights(network, whole)


def test_a_state_is_not_changed_by_going_on() -> None:
    training = train_until(trainer(start_network()), 1)
    state = training.state()
    before = {name: tensor.clone() for name, tensor in state.tensors.items()}
    train(training)
    assert all(torch.equal(state.tensors[name], tensor) for name, tensor in before.items())


def test_a_saved_state_holds_what_the_state_held(tmp_path: Path) -> None:
    state = train_until(trainer(child_network(), ema_decay=0.9), 1).state()
    save_state(state, tmp_path / "new")
    loaded = load_state(tmp_path / "new")
    assert loaded.header == state.header
    assert {name.split(".")[0] for name in loaded.tensors} == {"network", "momentum", "average"}
    assert all(torch.equal(loaded.tensors[name], t) for name, t in state.tensors.items())


def test_a_crash_while_saving_leaves_the_old_state(tmp_path: Path) -> None:
    save_state(trainer(start_network()).state(), tmp_path)
    (tmp_path / f"{STATE_FILE}.new").write_bytes(b"half of")
    assert load_state(tmp_path).header.epoch == 0


@pytest.mark.parametrize(
    ("network", "recipe"),
    [
        (start_network("chainnet"), {}),
        (start_network(), {"epochs": 5}),
        (start_network(), {"batch_size": 8}),
    ],
)
def test_a_state_of_another_training_is_refused(network: Network, recipe: dict[str, Any]) -> None:
    state = trainer(start_network()).state()
    with pytest.raises(CheckpointError, match="expected"):
        trainer(network, **recipe).restore(state)


def test_a_state_without_a_tensor_is_refused() -> None:
    state = trainer(start_network()).state()
    del state.tensors["momentum.stem.conv.weight"]
    with pytest.raises(CheckpointError, match=r"do not fit.*stem.conv.weight"):
        trainer(start_network()).restore(state)


@pytest.mark.parametrize(
    ("name", "part"),
    [("stem.gate", None), ("stem.conv", None), ("nowhere.gate", None)],
)
def test_a_gate_where_none_can_be_is_refused(name: str, part: tuple[int, ...] | None) -> None:
    state = trainer(start_network()).state()
    state.header.gates[name] = part
    with pytest.raises(CheckpointError, match="no place for a gate"):
        trainer(start_network()).restore(state)


def test_a_missing_state_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=STATE_FILE):
        load_state(tmp_path)


@pytest.mark.parametrize("content", [b"", b"\x00" * 100, pickle.dumps({"epoch": 1})])
def test_a_file_that_is_no_state_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / STATE_FILE).write_bytes(content)
    with pytest.raises(CheckpointError, match="not a safetensors file"):
        load_state(tmp_path)


@pytest.mark.parametrize("header", [None, "{", "[]", '{"version": 2}', "[" * 100_000])
def test_a_malformed_header_is_refused(header: str | None, tmp_path: Path) -> None:
    metadata = {"training": header} if header else None
    save_file({"x": torch.zeros(1)}, tmp_path / STATE_FILE, metadata=metadata)
    with pytest.raises(CheckpointError, match="training"):
        load_state(tmp_path)
