"""A final training's folder on disk: its checkpoint in the end, and until then its state.

    checkpoint.json  weights.safetensors  training/{config.json, epochs.jsonl, result.json, …}

The training's state is the truth. The record of epochs is written before it, so that it never
lacks an epoch; an epoch too many, after a crash between the two, is cut off with the next one.
"""

import fcntl
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from search_engine.files import named_in_errors, replace_file
from search_engine.spec.documents import parse_document
from search_engine.spec.errors import CheckpointError, SearchEngineError
from search_engine.spec.final_result import FinalResult
from search_engine.spec.final_training import FinalTrainingConfig
from search_engine.spec.training_events import EpochEnded
from search_engine.training.state import STATE_FILE, StateFolder, TrainingState

LOCK_SECONDS = 60.0
"""How long to wait for a process that trains here: one that was killed leaves others to die."""

_CONFIG, _EPOCHS, _RESULT, _LOCK = "config.json", "epochs.jsonl", "result.json", "lock"
_DEVICES = "devices.json"


class FinalFolder(StateFolder):
    """Where a final training keeps its state, its record of epochs and its result.

    Args:
        path: of the checkpoint; made when something is written.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path / "training")
        self.checkpoint = path

    @contextmanager
    def claimed(
        self, config: FinalTrainingConfig, *, wait_seconds: float = LOCK_SECONDS
    ) -> Iterator[int]:
        """Be the only process that trains here, until the `with` ends or the process dies.

        Yields the lock's file descriptor: a child process that inherits it holds the lock, too.

        Args:
            config: kept here, to be compared the next time.
            wait_seconds: how long to wait for another process to end.

        Raises:
            CheckpointError: another process trains here, or the folder holds another training.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        with (self.path / _LOCK).open("w") as lock:
            deadline = time.monotonic() + wait_seconds
            while not _try_lock(lock.fileno()):
                if time.monotonic() >= deadline:
                    raise CheckpointError(str(self.checkpoint), "another process trains here")
                time.sleep(0.1)
            self._keep(config)
            yield lock.fileno()

    def read_config(self) -> FinalTrainingConfig:
        """The training's settings.

        Raises:
            CheckpointError: missing or malformed; the message names the file.
        """
        path = self.path / _CONFIG
        with named_in_errors(path):
            return FinalTrainingConfig.from_json(self._parse(path.read_bytes()))

    def write_epoch(self, ended: EpochEnded, state: TrainingState) -> None:
        """Keep the record of an epoch, and then the state after it."""
        path = self.path / _EPOCHS
        lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
        line = json.dumps(ended.to_json()).encode() + b"\n"
        replace_file(path, b"".join([*lines[: ended.epoch - 1], line]))
        super().write_epoch(ended, state)

    def read_epochs(self) -> tuple[EpochEnded, ...]:
        """The record of the epochs so far.

        Raises:
            CheckpointError: a line is malformed.
        """
        path = self.path / _EPOCHS
        if not path.exists():
            return ()
        with named_in_errors(path), path.open("rb") as lines:
            return tuple(EpochEnded.from_json(self._parse(line)) for line in lines)

    def write_result(self, result: FinalResult) -> None:
        """Keep the result, and delete the state, which is not needed any more."""
        replace_file(self.path / _RESULT, json.dumps(result.to_json(), indent=2) + "\n")
        (self.path / STATE_FILE).unlink(missing_ok=True)

    def read_result(self) -> FinalResult | None:
        """The result; None before the training has ended.

        Raises:
            CheckpointError: malformed; the message names the file.
        """
        path = self.path / _RESULT
        if not path.exists():
            return None
        try:
            # The limit on documents from elsewhere is for 600 epochs too small.
            return FinalResult.beside(json.loads(path.read_bytes()), self.checkpoint)
        except (ValueError, SearchEngineError) as error:
            raise CheckpointError(str(path), str(error)) from None

    def write_devices(self, asked: Sequence[str], chosen: Sequence[str], reason: str) -> None:
        """Keep which of the devices train, and why, for when the training goes on."""
        document = {"asked": asked, "chosen": chosen, "reason": reason}
        replace_file(self.path / _DEVICES, json.dumps(document) + "\n")

    def read_devices(self, asked: Sequence[str]) -> tuple[list[str], str] | None:
        """What was written for these devices; None where nothing was."""
        try:
            match json.loads((self.path / _DEVICES).read_bytes()):
                case {"asked": [*before], "chosen": [*chosen], "reason": str(reason)}:
                    return (chosen, reason) if before == list(asked) else None
        except (OSError, ValueError):
            pass
        return None

    def _keep(self, config: FinalTrainingConfig) -> None:
        if not (self.path / _CONFIG).exists():
            replace_file(self.path / _CONFIG, json.dumps(config.to_json(), indent=2) + "\n")
        elif self.read_config() != config:
            raise CheckpointError(
                str(self.checkpoint), "it holds another final training; choose another folder"
            )

    def _parse(self, text: bytes) -> object:
        return parse_document(text, "final_training")


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
