"""A final training by several processes: what each of them does, from joining to the end."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

import torch

from search_engine.data import Dataset
from search_engine.errors import InvalidConfig
from search_engine.final_training.config import FinalTrainingConfig
from search_engine.final_training.folder import FinalFolder
from search_engine.final_training.result import FinalResult
from search_engine.final_training.train import FinalTraining, Listener
from search_engine.training.distributed import DistributedTeam


def is_started_by_torchrun() -> bool:
    """Whether this process is one of several that torchrun has started."""
    return "LOCAL_RANK" in os.environ and "MASTER_ADDR" in os.environ


def train_in_team(
    config: FinalTrainingConfig,
    folder: Path,
    *,
    dataset: Dataset,
    devices: tuple[str, ...] = (),
    start_checkpoint: Path | None = None,
    listener: Listener = lambda event: None,
    should_stop: Callable[[], bool] | None = None,
    is_claimed: bool = False,
) -> FinalResult | None:
    """Be one of the processes of a final training; all of them call this with the same arguments.

    The first process evaluates, writes, and tells the listener; the folder must be one that all
    can read. What all learn from is what `train_final` would: the batch of the recipe is shared out
    among the processes.

    Args:
        config: what to train.
        folder: where the training is kept, and the checkpoint in the end.
        dataset: its images.
        devices: of the processes on this machine, in order; by default a GPU each where there are
            any, else the CPU.
        start_checkpoint: folder of the trial's network, for grown weights.
        listener: hears of the training's progress.
        should_stop: asked at each step; one process that wants to stop stops all.
        is_claimed: whoever started the processes has claimed the folder already.

    Returns:
        The result, in the first process.

    Raises:
        InvalidConfig: torchrun has not started this process, or there are too few devices.
        TrainingBroken: another process has died.
        SearchEngineError: as `train_final`.
    """
    if not is_started_by_torchrun():
        raise InvalidConfig(
            "distributed", "expected to be started by torchrun --nproc-per-node=N, got one process"
        )
    device = _own_device(devices)
    kept = FinalFolder(folder)
    claim: AbstractContextManager[int] = nullcontext(0)
    if os.environ["RANK"] == "0" and not is_claimed:
        claim = kept.claimed(config)
    with claim:
        found = kept.read_result()
        if found is not None:
            return found
        with _joined(device) as team:
            training = FinalTraining(config, kept, dataset, device, team)
            training.run(start_checkpoint, listener, should_stop)
        return training.finish() if team.leads else None


@contextmanager
def _joined(device: torch.device) -> Iterator[DistributedTeam]:
    team = DistributedTeam(device)
    yield team
    # Not after an error: the others may be gone, and the process ends anyway.
    team.close()


def _own_device(devices: tuple[str, ...]) -> torch.device:
    rank = int(os.environ["LOCAL_RANK"])
    if not devices:
        return torch.device(f"cuda:{rank}" if torch.cuda.is_available() else "cpu")
    if rank >= len(devices):
        raise InvalidConfig(
            "device", f"expected one for each process, got {len(devices)} for process {rank + 1}"
        )
    return torch.device(devices[rank])
