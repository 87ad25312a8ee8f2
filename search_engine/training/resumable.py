"""A training that leaves its state in a folder after each epoch, and goes on from there."""

from collections.abc import Iterator
from pathlib import Path

from search_engine.training.events import EpochEnded, Event
from search_engine.training.state import STATE_FILE, load_state, save_state
from search_engine.training.trainer import Trainer


def run_resumable(trainer: Trainer, folder: Path) -> Iterator[Event]:
    """Run a trainer to its end, from the folder's state where there is one.

    Args:
        trainer: new.
        folder: of the state; made if missing.

    Raises:
        CheckpointError: the folder holds the state of another training, or a damaged one.
        TrainingStopped, TrialFault: as `Trainer.run`.
    """
    if (folder / STATE_FILE).exists():
        trainer.restore(load_state(folder))
    for event in trainer.run():
        if isinstance(event, EpochEnded):
            save_state(trainer.state(), folder)
        yield event
