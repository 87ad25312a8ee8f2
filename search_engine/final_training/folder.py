"""A final training's folder on disk: the checkpoint in the end, and what going on needs.

    checkpoint.json  weights.safetensors  training/{config.json, epochs.jsonl, result.json, …}

The training's state is the truth, and is replaced as a whole; the record of epochs is written
before it, so that it never lacks an epoch, and what it has too many is cut off when going on.
"""

import fcntl
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from search_engine.architecture.documents import parse_document
from search_engine.errors import CheckpointError, SearchEngineError
from search_engine.final_training.config import FinalTrainingConfig
from search_engine.final_training.result import FinalResult, epoch_from_json
from search_engine.training import EpochEnded
from search_engine.training.state import STATE_FILE, TrainingState, load_state, save_state

LOCK_SECONDS = 60.0
"""How long to wait for a process that trains here: one that was killed leaves others to die."""

_CONFIG, _EPOCHS, _RESULT, _LOCK = "config.json", "epochs.jsonl", "result.json", "lock"


class FinalFolder:
    """Where a final training keeps what it needs to go on, and what it has come to.

    Args:
        path: of the folder; made when something is written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.training = path / "training"

    @contextmanager
    def claimed(
        self, config: FinalTrainingConfig, *, wait_seconds: float = LOCK_SECONDS
    ) -> Iterator[int]:
        """Be the only process that trains here. A process that dies lets go of it.

        What is yielded is the lock's file descriptor: a child that inherits it holds on to it, too.

        Args:
            config: of the training; kept here for the next time.
            wait_seconds: how long to wait for another process.

        Raises:
            CheckpointError: another process trains here, or the folder holds another training.
        """
        self.training.mkdir(parents=True, exist_ok=True)
        with (self.training / _LOCK).open("w") as lock:
            deadline = time.monotonic() + wait_seconds
            while not _try_lock(lock.fileno()):
                if time.monotonic() >= deadline:
                    raise CheckpointError(str(self.path), "another process trains here")
                time.sleep(0.1)
            self._keep(config)
            yield lock.fileno()

    def read_config(self) -> FinalTrainingConfig:
        """The training's settings.

        Raises:
            CheckpointError: missing or malformed; the message names the file.
        """
        path = self.training / _CONFIG
        try:
            return FinalTrainingConfig.from_json(self._parse(path.read_bytes()))
        except OSError as error:
            raise CheckpointError(str(path), error.strerror or str(error)) from None
        except SearchEngineError as error:
            raise CheckpointError(str(path), str(error)) from None

    def read_state(self) -> TrainingState | None:
        """The state after the last complete epoch; None before the first.

        Raises:
            CheckpointError: damaged; the message names the file.
        """
        return load_state(self.training) if (self.training / STATE_FILE).exists() else None

    def write_epoch(self, ended: EpochEnded, state: TrainingState) -> None:
        """Keep what was told of an epoch, and then the state after it."""
        with (self.training / _EPOCHS).open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(ended)) + "\n")
        save_state(state, self.training)

    def read_epochs(self) -> tuple[EpochEnded, ...]:
        """What was told of the epochs so far.

        Raises:
            CheckpointError: a line is malformed.
        """
        path = self.training / _EPOCHS
        if not path.exists():
            return ()
        try:
            return tuple(epoch_from_json(self._parse(line)) for line in path.open("rb"))
        except SearchEngineError as error:
            raise CheckpointError(str(path), str(error)) from None

    def cut_epochs(self, epoch: int) -> None:
        """Forget what was told of later epochs: their states were never written."""
        path = self.training / _EPOCHS
        lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
        self._replace(_EPOCHS, b"".join(lines[:epoch]))

    def write_result(self, result: FinalResult) -> None:
        """Keep the result; what going on needed is deleted."""
        self._replace(_RESULT, json.dumps(result.to_json(), indent=2).encode() + b"\n")
        (self.training / STATE_FILE).unlink(missing_ok=True)

    def read_result(self) -> FinalResult | None:
        """The result; None before the training has ended.

        Raises:
            CheckpointError: malformed; the message names the file.
        """
        path = self.training / _RESULT
        if not path.exists():
            return None
        try:
            # The limit on documents from elsewhere is for 600 epochs too small.
            return FinalResult.from_json(json.loads(path.read_bytes()), self.path)
        except (ValueError, SearchEngineError) as error:
            raise CheckpointError(str(path), str(error)) from None

    def _keep(self, config: FinalTrainingConfig) -> None:
        if not (self.training / _CONFIG).exists():
            text = json.dumps(config.to_json(), indent=2) + "\n"
            self._replace(_CONFIG, text.encode())
        elif self.read_config() != config:
            raise CheckpointError(
                str(self.path), "it holds another final training; choose another folder"
            )

    def _parse(self, text: bytes) -> object:
        return parse_document(text, "final_training")

    def _replace(self, name: str, content: bytes) -> None:
        new = self.training / f"{name}.new"
        new.write_bytes(content)
        new.replace(self.training / name)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
