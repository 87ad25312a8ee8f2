"""What a training in other processes tells the one that started it: a JSON object a line."""

import json
from dataclasses import asdict

from search_engine.architecture.documents import Reader
from search_engine.errors import (
    CheckpointError,
    DatasetError,
    InvalidArchitecture,
    InvalidConfig,
    OutOfMemory,
    SearchEngineError,
    TrainingBroken,
    TrainingDiverged,
    TrainingStopped,
)
from search_engine.final_training.result import epoch_from_json
from search_engine.training import Event, StepProgress

_ERRORS: dict[str, type[SearchEngineError]] = {
    kind.__name__: kind
    for kind in (
        CheckpointError,
        DatasetError,
        InvalidArchitecture,
        InvalidConfig,
        OutOfMemory,
        TrainingBroken,
        TrainingDiverged,
        TrainingStopped,
    )
}

_FIELDS = ("path", "place", "field", "epoch", "step", "reason")
"""In the order of the errors' arguments."""


def event_line(event: Event) -> str:
    """An event as a line."""
    return json.dumps({"kind": type(event).__name__, "event": asdict(event)})


def error_line(error: SearchEngineError) -> str:
    """An error as a line."""
    values = [getattr(error, name) for name in _FIELDS if hasattr(error, name)]
    return json.dumps({"kind": "error", "error": type(error).__name__, "values": values})


def read_line(line: str) -> Event | SearchEngineError | None:
    """What a line tells; None for one that is not ours."""
    try:
        document = json.loads(line)
        match document:
            case {"kind": "EpochEnded", "event": dict(event)}:
                return epoch_from_json(event)
            case {"kind": "StepProgress", "event": dict(event)}:
                return _progress(event)
            case {"kind": "error", "error": str(name), "values": list(values)} if name in _ERRORS:
                return _ERRORS[name](*values)
    except (ValueError, TypeError, SearchEngineError):
        return None
    return None


def _progress(event: dict[str, object]) -> StepProgress:
    reader = Reader(event, "step")
    return StepProgress(
        reader.integer("step"),
        reader.integer("steps"),
        reader.integer("epoch"),
        reader.number("loss"),
        reader.number("images_per_second"),
        reader.number("eta_seconds"),
    )
