"""CUDA: the same training as on the CPU, by ordinary steps and by graphs."""

from typing import Any
from unittest.mock import MagicMock

import pytest
import torch

from search_engine import recording
from search_engine.recording import RecordingFailed, Replayed
from search_engine.spec.recipe import Precision, Recipe
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


def cuda_trainer(**options: Any) -> Trainer:
    recipe = Recipe(epochs=4, batch_size=16, annealing=0.6, precision=Precision.FLOAT32)
    batches = random_batches(device="cuda")
    return Trainer(child_network(), recipe, batches, seed=5, device="cuda", **options)


@pytest.mark.gpu
@needs_cuda
@pytest.mark.parametrize("cuda_graphs", [False, True])
def test_cuda_trains_as_the_cpu_does(cuda_graphs: bool) -> None:
    expected = train(trainer(child_network(), annealing=0.6))
    on_gpu = cuda_trainer(cuda_graphs=cuda_graphs)
    found = train(on_gpu)
    assert not on_gpu.network.gates()
    losses = [event.loss for event in found]
    assert losses == pytest.approx([event.loss for event in expected], rel=0.02)


@pytest.mark.gpu
@needs_cuda
def test_graphs_are_replayed() -> None:
    on_gpu = cuda_trainer()
    train(on_gpu)
    # Of 16 steps 4 are of the smaller last batch, and 3 are for warming up, twice: gates go once.
    assert (on_gpu.replays, on_gpu.graph_failure) == (6, None)


def test_where_recording_fails_every_batch_is_still_learned_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    refused = MagicMock(side_effect=RecordingFailed("it may not wait"))
    monkeypatch.setattr(recording, "record", refused)
    monkeypatch.setattr(recording, "WARM_UP_CALLS", 0)  # they need a stream of CUDA's
    networks = [start_network().train() for _ in range(2)]
    plain, inner = (TrainStep(network, Recipe(batch_size=16)) for network in networks)
    replayed = Replayed(inner, torch.device("cpu"))
    for batch in (*random_batches().epoch(0), *random_batches().epoch(1)):
        for step, learn in ((plain, plain), (inner, replayed)):
            step.set_learning_rate(0.1)
            learn(*batch)
    assert same_weights(*networks)
    assert refused.call_count == 1
    assert (replayed.failure, replayed.replays) == ("it may not wait", 0)
    assert "it may not wait" in caplog.text
