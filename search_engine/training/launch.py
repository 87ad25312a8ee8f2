"""A final training on several devices of this machine, in processes that torchrun starts.

A worker that may not fork processes of its own by multiprocessing may start this one.
"""

import logging
import os
import queue
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from search_engine.data import Dataset
from search_engine.data.stored import STORED_DATASET, store_dataset
from search_engine.spec.errors import (
    InvalidConfig,
    SearchEngineError,
    TrainingBroken,
    TrainingStopped,
)
from search_engine.spec.final_result import FinalResult
from search_engine.spec.final_training import FinalTrainingConfig
from search_engine.training.final_folder import FinalFolder
from search_engine.training.final_inputs import check_dataset
from search_engine.training.final_training import Listener
from search_engine.training.messages import read_line

logger = logging.getLogger(__name__)

WORKER = "search_engine.training.ddp_worker"
_CAUSE = re.compile(r"^\S*Error: |: Signal \d+")
"""The lines of torchrun's long report that say why a process has died."""

POLL_SECONDS = 0.5
"""How often `should_stop` is asked while the processes are silent."""

END_SECONDS = 60.0
"""How long torchrun may take to end: it gives its processes half of that."""


def launch_distributed(
    config: FinalTrainingConfig,
    folder: Path,
    devices: Sequence[str],
    *,
    dataset: Dataset,
    start_checkpoint: Path | None = None,
    listener: Listener = lambda event: None,
    should_stop: Callable[[], bool] | None = None,
    if_faster: bool = False,
) -> FinalResult:
    """Train as `train_final` does, with a process on each device that has its share of each batch.

    Args:
        devices: such as `cuda:0`, `cuda:1`.
        dataset: each process reads its images from a file in the folder.
        start_checkpoint: folder of the trial's network, for grown weights.
        should_stop: asked at least every `POLL_SECONDS`.
        if_faster: time some steps on the first device alone and on all together, and train where
            they are faster. The result says where, and why.

    Raises:
        TrainingBroken: a process has died, and the others with it. Call it again to go on.
        SearchEngineError: as `train_final`.
    """
    if not devices:
        raise InvalidConfig("devices", "expected at least one, got none")
    check_dataset(config, dataset)
    kept = FinalFolder(folder)
    with kept.claimed(config) as lock:
        found = kept.read_result()
        if found is not None:
            return found
        store_dataset(dataset, kept.path)
        reason = None
        try:
            if if_faster and len(devices) > 1:
                devices, reason = _faster(kept, devices, lock, start_checkpoint, should_stop)
            _Processes(folder, devices, lock, start_checkpoint).watch(listener, should_stop)
        finally:
            (kept.path / STORED_DATASET).unlink(missing_ok=True)
        result = kept.read_result()
        if result is None:
            raise TrainingBroken("the processes ended without a result")
        if reason is not None:
            result = replace(result, devices=reason)
            kept.write_result(result)
    return result


def _faster(
    kept: FinalFolder,
    devices: Sequence[str],
    lock: int,
    start_checkpoint: Path | None,
    should_stop: Callable[[], bool] | None,
) -> tuple[Sequence[str], str]:
    """The first device or all, whichever takes more steps a second, and why, in words."""
    found = kept.read_devices(devices)
    if found is not None:
        return found
    alone, together = (
        _speed(kept, those, lock, start_checkpoint, should_stop) for those in (devices[:1], devices)
    )
    if should_stop is not None and should_stop():
        raise TrainingStopped(0)
    chosen = devices if (together or 0.0) > (alone or 0.0) else devices[:1]
    rates = [f"{rate:.3g} steps/s" if rate else "no answer" for rate in (alone, together)]
    reason = (
        f"trained on {', '.join(chosen)}: {devices[0]} alone, {rates[0]};"
        f" {', '.join(devices)} together, {rates[1]}"
    )
    logger.info(reason)
    kept.write_devices(devices, chosen, reason)
    return chosen, reason


def _speed(
    kept: FinalFolder,
    devices: Sequence[str],
    lock: int,
    start_checkpoint: Path | None,
    should_stop: Callable[[], bool] | None,
) -> float | None:
    """Steps a second on these devices; None where they cannot take some."""
    processes = _Processes(kept.checkpoint, devices, lock, start_checkpoint, "--speed")
    try:
        processes.watch(lambda event: None, should_stop)
    except SearchEngineError as error:
        logger.warning("%s took no steps to be timed: %s", ", ".join(devices), error)
    return processes.speed


class _Processes:
    """torchrun and the processes that it has started.

    Args:
        lock: descriptor that holds the folder as long as torchrun lives, even without us.
        options: of the processes.
    """

    def __init__(
        self,
        folder: Path,
        devices: Sequence[str],
        lock: int,
        start_checkpoint: Path | None,
        *options: str,
    ) -> None:
        command = [
            *(sys.executable, "-m", "torch.distributed.run", "--standalone"),
            *(f"--nproc-per-node={len(devices)}", "-m", WORKER, str(folder), ",".join(devices)),
            *options,
        ]
        if start_checkpoint is not None:
            command += ["--start", str(start_checkpoint)]
        root = str(Path(__file__).parents[2])
        path = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  # closed by `_read_cause`
        self._torchrun = subprocess.Popen(
            command,
            env={**os.environ, "PYTHONPATH": path},
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            pass_fds=(lock,),
        )
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._failure: SearchEngineError | None = None
        self.speed: float | None = None

    def watch(self, listener: Listener, should_stop: Callable[[], bool] | None) -> None:
        """Pass events on, in the caller's thread, until all processes have ended.

        Raises:
            SearchEngineError: the error that a process reported.
            TrainingBroken: a process has died without reporting one.
        """
        threading.Thread(target=self._read, daemon=True).start()
        try:
            self._relay(listener, should_stop)
        finally:
            if self._torchrun.poll() is None:
                self._torchrun.terminate()  # it ends those that it has started
            status = self._ended()
            cause = self._read_cause()
        if self._failure is not None and not isinstance(self._failure, TrainingBroken):
            raise self._failure
        if status != 0:
            raise TrainingBroken(cause)

    def _ended(self) -> int:
        try:
            return self._torchrun.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._torchrun.kill()  # those that it has started end by themselves: nobody listens
            return self._torchrun.wait()

    def _read(self) -> None:
        assert self._torchrun.stdout is not None
        for line in self._torchrun.stdout:
            self._lines.put(line)
        self._torchrun.wait()
        self._lines.put(None)

    def _relay(self, listener: Listener, should_stop: Callable[[], bool] | None) -> None:
        while True:
            try:
                line = self._lines.get(timeout=POLL_SECONDS)
            except queue.Empty:
                line = ""
            if line is None:
                return
            message = read_line(line)
            if isinstance(message, SearchEngineError):
                self._fail(message)
            elif isinstance(message, float):
                self.speed = message
            elif message is not None:
                listener(message)
            if should_stop is not None and should_stop():
                self._torchrun.terminate()
                should_stop = None

    def _fail(self, error: SearchEngineError) -> None:
        """Keep the cause; lost connections in the other processes only follow from it."""
        if self._failure is None or isinstance(self._failure, TrainingBroken):
            self._failure = error

    def _read_cause(self) -> str:
        """The lines on standard error that name the cause."""
        with self._errors as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(size - 8000, 0))
            lines = file.read().decode(errors="replace").splitlines()
        causes = [line.strip() for line in lines if _CAUSE.search(line)]
        return " ".join(causes or lines[-3:])[-600:]
