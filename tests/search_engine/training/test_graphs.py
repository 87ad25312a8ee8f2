"""CUDA: the same training as on the CPU, by ordinary steps and by graphs."""

from contextlib import nullcontext
from typing import Any
from unittest.mock import MagicMock

import pytest
import torch

from search_engine.training import Precision, Recipe
from search_engine.training.graphs import GraphedStep
from search_engine.training.step import TrainStep
from search_engine.training.trainer import Trainer
from tests.search_engine.training.small import (
    child_network,
    random_batches,
    same_weights,
    start_network,
    train,
    trainer,
)

needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")


def cuda_losses(**options: Any) -> list[float]:
    """Losses of a child's epochs on a CUDA device."""
    recipe = Recipe(epochs=4, batch_size=16, annealing=0.6, precision=Precision.FLOAT32)
    batches = random_batches(device="cuda")
    network = child_network()
    losses = train(Trainer(network, recipe, batches, seed=5, device="cuda", **options))
    assert not network.gates()
    return [event.loss for event in losses]


@pytest.mark.gpu
@needs_cuda
@pytest.mark.parametrize("cuda_graphs", [False, True])
def test_cuda_trains_as_the_cpu_does(cuda_graphs: bool) -> None:
    expected = train(trainer(child_network(), annealing=0.6))
    found = cuda_losses(cuda_graphs=cuda_graphs)
    assert found == pytest.approx([event.loss for event in expected], rel=0.02)


@pytest.mark.gpu
@needs_cuda
def test_graphs_are_replayed(monkeypatch: pytest.MonkeyPatch) -> None:
    replay = MagicMock(side_effect=torch.cuda.CUDAGraph.replay)
    monkeypatch.setattr(torch.cuda.CUDAGraph, "replay", lambda graph: replay(graph))
    cuda_losses(cuda_graphs=True)
    # Of 16 steps 4 are of the smaller last batch, and 3 are for warming up, twice: gates go once.
    assert replay.call_count == 6


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch) -> MagicMock:
    """A CUDA that has streams but refuses to record."""
    record = MagicMock(side_effect=RuntimeError("not allowed while recording"))
    for name in ("Stream", "current_stream", "CUDAGraph"):
        monkeypatch.setattr(torch.cuda, name, MagicMock())
    monkeypatch.setattr(torch.cuda, "stream", nullcontext)
    monkeypatch.setattr(torch.cuda, "graph", record)
    return record


def test_where_recording_fails_every_batch_is_still_learned_once(refused: MagicMock) -> None:
    networks = [start_network().train() for _ in range(2)]
    plain, inner = (TrainStep(network, Recipe(batch_size=16)) for network in networks)
    graphed = GraphedStep(inner)
    for batch in (*random_batches().epoch(0), *random_batches().epoch(1)):
        for step, learn in ((plain, plain), (inner, graphed)):
            step.set_learning_rate(0.1)
            learn(*batch)
    assert same_weights(*networks)
    assert refused.call_count == 1
