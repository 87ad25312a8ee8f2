"""What is played on the stand-in: `python -m tests.stand_in.scenes NAME…` prints what came of it.

Each scene runs in a process with the others that are asked for; one that breaks the context is the
last.
"""

import ctypes
import json
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from search_engine.cost_measurement import measure_costs, measure_latency
from search_engine.data import SplitDataset
from search_engine.devices import device_faults, pick_device
from search_engine.recording import RecordingFailed, record
from search_engine.search.evaluation import Evaluator, train_start_network
from search_engine.search.search import Search
from search_engine.search.trials import Trial
from search_engine.spec.causes import breaks_context
from search_engine.spec.errors import DeviceFull, SearchEngineError
from search_engine.spec.final_training import FinalData, FinalTrainingConfig
from search_engine.spec.recipe import Precision, Recipe
from search_engine.spec.search_config import Budget, DataConfig, SearchConfig
from search_engine.training.batch_norm import refresh_batch_norms, without_counters
from search_engine.training.final_training import train_final
from search_engine.training.process_group import SINGLE_PROCESS, DistributedGroup
from search_engine.training.step import TrainStep, autocast_type
from search_engine.training.trainer import Trainer
from tests.growing import small_skeleton
from tests.search_engine.training.small import (
    SPACE,
    child_network,
    random_batches,
    random_dataset,
    start_network,
    train,
)

RUNTIME = ctypes.CDLL(None)
SHORT = Recipe(epochs=2, batch_size=8, norm_batches=1, annealing=0.0)
CONFIG = SearchConfig(
    data=DataConfig(name="random", validation=16, calibration=8),
    skeleton=replace(small_skeleton("densenet"), classes=10),
    space=SPACE,
    start_recipe=SHORT,
    recipe=SHORT,
    budget=Budget(max_trials=1),
    control=0,
)


def count(name: str) -> int:
    """How often something of the runtime was called."""
    return int(RUNTIME.fake_count(name.encode()))


@contextmanager
def counted(name: str, into: dict[str, int], key: str = "") -> Iterator[None]:
    """How often it is called inside the `with`."""
    before = count(name)
    yield
    into[key or name] = count(name) - before


def prepared() -> tuple[SplitDataset, Evaluator, Trial]:
    """A search's data, an evaluator, and its first trial."""
    dataset = replace(random_dataset(96), test=torch.arange(80, 96))
    data = SplitDataset(dataset, CONFIG.data, seed=0, device="cuda")
    trial = Search(CONFIG, classes=10, validation_images=16).ask(0.0)
    assert trial is not None
    return data, Evaluator(CONFIG, data, start_network(classes=10).eval(), device="cuda"), trial


def trainer(device: str = "cuda", batch_size: int = 16, **options: Any) -> Trainer:
    """Of a child, with gates that open at once."""
    recipe = Recipe(epochs=2, batch_size=batch_size, annealing=0.0, norm_batches=1)
    batches = random_batches(batch_size, device=device)
    return Trainer(child_network(**options), recipe, batches, seed=5, device=device)


def replays_by_default() -> dict[str, int]:
    """Replays of a search's start network, of a child, and of a final training."""
    found: dict[str, int] = {}
    data, evaluator, trial = prepared()
    with counted("graph:launch", found, "start"):
        train_start_network(CONFIG, data, device="cuda")
    with counted("graph:launch", found, "child"):
        evaluated = evaluator.evaluate(trial)
    with counted("graph:launch", found, "final"), tempfile.TemporaryDirectory() as folder:
        final = FinalTrainingConfig(
            data=FinalData(name="random", validation=16),
            skeleton=CONFIG.skeleton,
            cell=CONFIG.skeleton.start_cell,
            recipe=SHORT,
        )
        kept = Path(folder) / "final"
        result = train_final(final, kept, dataset=data.dataset, device="cuda")
    assert evaluated.result.graph_failure is None and result.graph_failure is None
    return found


def failed_recording() -> dict[str, Any]:
    """A child with DropPath, of which something cannot be recorded; and what it leaves behind."""
    failing = trainer(drop_path=0.3)
    failing.network.register_forward_hook(
        lambda *_: _wait() if torch.cuda.is_current_stream_capturing() else None
    )
    epochs = len(train(failing))
    torch.empty(8, device="cuda").bernoulli_(0.5)
    after = trainer(drop_path=0.3)
    train(after)
    return {
        "epochs": epochs,
        "reason": failing.graph_failure,
        "is_default_stream": torch.cuda.current_stream() == torch.cuda.default_stream(),
        "replays_of_the_next": after.replays,
    }


def _wait() -> None:
    """What no recording allows."""
    torch.ones(1, device="cuda").item()


def memory_of_streams() -> float:
    """MiB that are allocated after six children, with two recordings each."""
    for seed in range(6):
        train(trainer(seed=seed))
    return torch.cuda.memory_allocated() / 2**20


def recorded_beside_threads() -> int:
    """Recordings that fail while another thread allocates and copies, of three."""
    ended = threading.Event()

    def work() -> None:
        with torch.cuda.stream(torch.cuda.Stream()):
            while not ended.is_set():
                torch.empty(99_999, dtype=torch.uint8, pin_memory=True).to("cuda")

    thread = threading.Thread(target=work)
    thread.start()
    trainers = [trainer(seed=seed) for seed in range(3)]
    for one in trainers:
        train(one)
    ended.set()
    thread.join()
    return sum(one.graph_failure is not None for one in trainers)


def waits_of_a_norm_refresh() -> int:
    """How often the host waits while norms are measured on three batches."""
    network, found = start_network().cuda(), dict[str, int]()
    batches = [images for images, _ in random_batches(device="cuda").epoch(0)][:3]
    with counted("sync:stream", found):
        refresh_batch_norms(network, batches)
    return found["sync:stream"]


def latency_on_the_device() -> dict[str, int]:
    """Replays of recorded forward passes while costs are measured."""
    found: dict[str, int] = {}
    with counted("graph:launch", found), counted("sync:event", found):
        measure_costs(start_network().cuda().eval())
    return found


def full_memory() -> dict[str, Any]:
    """A trial whose memory is full for a moment, and one with a neighbour that fills the card."""
    found: dict[str, Any] = {}
    _, evaluator, trial = prepared()
    evaluator.evaluate(trial)
    RUNTIME.fake_oom(100)
    rest = list(_rest_of_the_cache())
    RUNTIME.fake_oom(2)  # torch itself tries each allocation twice
    with counted("malloc:refused", found):
        found["failure"] = evaluator.evaluate(trial).result.failure
    torch.cuda.empty_cache()
    neighbour = ctypes.c_void_p()
    free, _ = torch.cuda.mem_get_info()
    assert RUNTIME.cudaMalloc(ctypes.byref(neighbour), ctypes.c_size_t(free)) == 0
    rest += _rest_of_the_cache()
    try:
        evaluator.evaluate(trial)
    except DeviceFull as error:
        found["neighbour"] = str(error)
    RUNTIME.cudaFree(neighbour)
    del rest
    return found


def _rest_of_the_cache() -> Iterator[torch.Tensor]:
    """What torch has taken of the device and not given out."""
    for size in (1 << 22, 1 << 18, 1 << 12, 512):
        with suppress(torch.OutOfMemoryError):
            while True:
                yield torch.empty(size, dtype=torch.uint8, device="cuda")


def kernels_of_a_team() -> dict[str, int]:
    """Kernels of one step of a process that trains alone, and of one of a team."""
    where = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "0", "RANK": "0", "WORLD_SIZE": "1"}
    os.environ.update(where)
    found: dict[str, int] = {}
    team = DistributedGroup(torch.device("cuda", 0))
    team.data_parallel = lambda network: network  # type: ignore[method-assign]
    for name, group in (("alone", SINGLE_PROCESS), ("team", team)):
        network = start_network().cuda().train()
        group.synchronise_batch_norms(network)
        step = TrainStep(network, Recipe(batch_size=16, precision=Precision.FLOAT32), group)
        step.set_learning_rate(0.0)
        batch = next(random_batches(device="cuda").epoch(0))
        step(*batch)
        with without_counters(network), counted("kernel:launched", found, name):
            step(*batch)
    return found


def second_device() -> dict[str, Any]:
    """Where work on the second of two cards goes."""
    device = pick_device("cuda:1")
    current, second = torch.cuda.current_device(), trainer("cuda:1")
    train(second)
    torch.cuda.set_device(0)
    other = trainer("cuda:1", seed=3)  # whatever the current device is
    train(other)
    waits: dict[str, int] = {}
    with counted("sync:device 0", waits), counted("sync:device 1", waits):
        measure_latency(second.network)
    try:
        record(lambda: None, device)
        empty = "recorded"
    except RecordingFailed as failed:
        empty = str(failed)
    return {
        "current": current,
        "replays": [second.replays, other.replays],
        "waits": waits,
        "empty": empty,
    }


def precision() -> str | None:
    """In what a network is trained by default."""
    return str(autocast_type(Precision.AUTO, torch.device("cuda", 0)))


def unusable() -> dict[str, Any]:
    """What is said of a card for which torch has no code."""
    try:
        told = str(pick_device(None))
    except SearchEngineError as error:
        told = str(error)
    return {"told": told, "faults": device_faults()}


def broken() -> list[bool]:
    """Whether a fault that stays is known as such: in a training, and from then on."""
    _, evaluator, trial = prepared()
    found = []
    RUNTIME.fake_break(700)
    for _ in range(2):
        try:
            evaluator.evaluate(trial)
        except RuntimeError as error:
            found.append(breaks_context(error))
    return [*found, bool(device_faults())]


SCENES = (
    replays_by_default,
    failed_recording,
    memory_of_streams,
    recorded_beside_threads,
    waits_of_a_norm_refresh,
    latency_on_the_device,
    full_memory,
    kernels_of_a_team,
    second_device,
    precision,
    unusable,
    broken,
)


def main(names: list[str]) -> None:
    """Play the scenes in the order in which they are asked for."""
    found = {scene.__name__: scene for scene in SCENES}
    torch.set_num_threads(1)
    print(json.dumps({name: found[name]() for name in names}))


if __name__ == "__main__":
    main(sys.argv[1:])
