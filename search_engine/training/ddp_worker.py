"""One process of a final training on several devices, as torchrun starts it.

    torchrun --nproc-per-node=2 -m search_engine.training.ddp_worker FOLDER DEVICE,DEVICE

The main process reports its progress on standard output, one JSON object a line. When nobody reads
it any more the training ends: whoever started it has died, and will start it again.
"""

import argparse
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from types import FrameType

import torch

from search_engine.data import Dataset
from search_engine.data.stored import stored_dataset
from search_engine.spec.errors import InvalidConfig, SearchEngineError
from search_engine.spec.final_result import FinalResult
from search_engine.spec.final_training import FinalTrainingConfig
from search_engine.training.final_folder import FinalFolder
from search_engine.training.final_training import FinalTraining, Listener
from search_engine.training.messages import error_line, event_line, speed_line
from search_engine.training.process_group import (
    SINGLE_PROCESS,
    DistributedGroup,
    ProcessGroup,
)


def is_started_by_torchrun() -> bool:
    """Whether this process is one of several that torchrun has started."""
    return "LOCAL_RANK" in os.environ and "MASTER_ADDR" in os.environ


def train_distributed(
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

    Together they train on the batches of `train_final`, of which each takes its share. The main
    process evaluates, writes, and calls the listener.

    Args:
        folder: keeps the training's state; all processes must be able to read it.
        devices: one for each process on this machine, in order; by default a GPU each where there
            are any, else the CPU.
        start_checkpoint: folder of the trial's network, for grown weights.
        should_stop: asked at each step; one process that wants to stop stops all.
        is_claimed: whether the starter of the processes has claimed the folder already.

    Returns:
        The result in the main process, None in the others.

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
        with _joined(device) as group:
            training = FinalTraining(config, kept, dataset, device, group)
            training.run(start_checkpoint, listener, should_stop)
        return training.finish() if group.is_main_process else None


@contextmanager
def _joined(device: torch.device) -> Iterator[ProcessGroup]:
    """All processes that torchrun has started; one alone needs no group, and may record graphs."""
    if os.environ["WORLD_SIZE"] == "1":
        yield SINGLE_PROCESS
        return
    group = DistributedGroup(device)
    yield group
    # Not after an error: the others may be gone, and the process ends anyway.
    group.close()


def _own_device(devices: tuple[str, ...]) -> torch.device:
    rank = int(os.environ["LOCAL_RANK"])
    if not devices:
        return torch.device(f"cuda:{rank}" if torch.cuda.is_available() else "cpu")
    if rank >= len(devices):
        raise InvalidConfig(
            "device", f"expected one for each process, got {len(devices)} for process {rank + 1}"
        )
    return torch.device(devices[rank])


def main(arguments: list[str]) -> int:
    """Train and report; returns the exit status, 1 where the training did not end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("devices", help="with commas between")
    parser.add_argument("--start", type=Path, help="folder of the trial's network")
    parser.add_argument("--speed", action="store_true", help="only say how fast it trains")
    asked = parser.parse_args(arguments)
    devices = tuple(asked.devices.split(","))
    signals: list[int] = []

    def stop(number: int, frame: FrameType | None) -> None:
        signals.append(number)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    if all(device == "cpu" for device in devices):
        torch.set_num_threads(1)  # the processes share the cores already
    kept = FinalFolder(asked.folder)
    try:
        config, dataset = kept.read_config(), stored_dataset(kept.path)
        if asked.speed:
            _tell_speed(config, kept, dataset, devices, asked.start, lambda: bool(signals))
            return 0
        train_distributed(
            config,
            asked.folder,
            dataset=dataset,
            devices=devices,
            start_checkpoint=asked.start,
            listener=lambda event: _write(event_line(event)),
            should_stop=lambda: bool(signals),
            is_claimed=True,
        )
    except SearchEngineError as error:
        _write(error_line(error))
        return 1
    return 0


def _tell_speed(
    config: FinalTrainingConfig,
    kept: FinalFolder,
    dataset: Dataset,
    devices: tuple[str, ...],
    start_checkpoint: Path | None,
    should_stop: Callable[[], bool],
) -> None:
    device = _own_device(devices)
    with _joined(device) as group:
        training = FinalTraining(config, kept, dataset, device, group)
        rate = training.steps_per_second(start_checkpoint, should_stop)
    if group.is_main_process:
        _write(speed_line(rate))


def _write(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
