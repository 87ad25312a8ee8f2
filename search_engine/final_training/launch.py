"""A final training on several devices of this machine, in processes that torchrun starts.

A worker that may not fork processes of its own by multiprocessing may start this one.
"""

import os
import queue
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from search_engine.data import Dataset
from search_engine.data.stored import store_dataset
from search_engine.errors import (
    InvalidConfig,
    SearchEngineError,
    TrainingBroken,
)
from search_engine.final_training.config import FinalTrainingConfig
from search_engine.final_training.data import check_dataset
from search_engine.final_training.folder import FinalFolder
from search_engine.final_training.result import FinalResult
from search_engine.final_training.train import Listener
from search_engine.final_training.wire import read_line

DATASET = "dataset.safetensors"
MEMBER = "search_engine.final_training.member"
_TELLING = re.compile(r"^\S*Error: |: Signal \d+")
"""What in torchrun's long report says why a process has died."""

POLL_SECONDS = 0.5
"""How often `should_stop` is asked while the processes are silent."""


def launch_distributed(
    config: FinalTrainingConfig,
    folder: Path,
    devices: Sequence[str],
    *,
    dataset: Dataset,
    start_checkpoint: Path | None = None,
    listener: Listener = lambda event: None,
    should_stop: Callable[[], bool] | None = None,
) -> FinalResult:
    """Train as `train_final` does, with a process on each device that has its share of each batch.

    Args:
        config: what to train.
        folder: where the training is kept, and the checkpoint in the end.
        devices: such as `cuda:0`, `cuda:1`.
        dataset: its images; each process reads them from a file in the folder.
        start_checkpoint: folder of the trial's network, for grown weights.
        listener: hears of the training's progress.
        should_stop: asked at least every `POLL_SECONDS`.

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
        stored = kept.training / DATASET
        store_dataset(dataset, stored)
        try:
            _Processes(folder, devices, start_checkpoint, lock).watch(listener, should_stop)
        finally:
            stored.unlink(missing_ok=True)
        result = kept.read_result()
    if result is None:
        raise TrainingBroken("the processes ended without a result")
    return result


class _Processes:
    """torchrun and what it has started.

    Args:
        folder: of the training.
        devices: one for each process.
        start_checkpoint: as in `launch_distributed`.
        lock: descriptor that holds the folder as long as torchrun lives, even without us.
    """

    def __init__(
        self, folder: Path, devices: Sequence[str], start_checkpoint: Path | None, lock: int
    ) -> None:
        command = [
            *(sys.executable, "-m", "torch.distributed.run", "--standalone"),
            *(f"--nproc-per-node={len(devices)}", "-m", MEMBER, str(folder), ",".join(devices)),
        ]
        if start_checkpoint is not None:
            command.append(str(start_checkpoint))
        root = str(Path(__file__).parents[2])
        path = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  # closed by `_said`
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

    def watch(self, listener: Listener, should_stop: Callable[[], bool] | None) -> None:
        """Pass events on until all processes have ended; calls come from the caller's thread.

        Raises:
            SearchEngineError: what a process said that it failed by.
            TrainingBroken: one has died without a word.
        """
        threading.Thread(target=self._read, daemon=True).start()
        try:
            self._relay(listener, should_stop)
        finally:
            if self._torchrun.poll() is None:
                self._torchrun.terminate()  # it ends those that it has started
            status = self._torchrun.wait()
            said = self._said()
        if self._failure is not None and not isinstance(self._failure, TrainingBroken):
            raise self._failure
        if status != 0:
            raise TrainingBroken(said)

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
            told = read_line(line)
            if isinstance(told, SearchEngineError):
                self._fail(told)
            elif told is not None:
                listener(told)
            if should_stop is not None and should_stop():
                self._torchrun.terminate()
                should_stop = None

    def _fail(self, error: SearchEngineError) -> None:
        """Keep the cause: that a connection was lost only follows from it."""
        if self._failure is None or isinstance(self._failure, TrainingBroken):
            self._failure = error

    def _said(self) -> str:
        """The telling part of what was written to standard error."""
        with self._errors as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(size - 8000, 0))
            lines = file.read().decode(errors="replace").splitlines()
        telling = [line.strip() for line in lines if _TELLING.search(line)]
        return " ".join(telling or lines[-3:])[-600:]
