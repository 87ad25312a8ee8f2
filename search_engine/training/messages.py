"""Messages from the processes of a training to the one that started them, a JSON object a line."""

import json

from search_engine.spec.errors import (
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
from search_engine.spec.training_events import EpochEnded, Event, StepProgress

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

_FIELDS = ("place", "field", "epoch", "step", "reason")
"""The errors' fields, in the order of their arguments."""


def event_line(event: Event) -> str:
    """An event as a line."""
    return json.dumps({"kind": type(event).__name__, "event": event.to_json()})


def speed_line(steps_per_second: float | None) -> str:
    """How fast steps were; None where there were too few to tell."""
    return json.dumps({"kind": "speed", "steps_per_second": steps_per_second})


def error_line(error: SearchEngineError) -> str:
    """Encode an error as one line."""
    values = [getattr(error, name) for name in _FIELDS if hasattr(error, name)]
    return json.dumps(
        {"kind": "error", "error": type(error).__name__, "values": values, "code": error.code}
    )


def read_line(line: str) -> Event | SearchEngineError | float | None:
    """Decode a line, a speed to steps a second; None for one that says nothing."""
    try:
        document = json.loads(line)
        match document:
            case {"kind": "EpochEnded", "event": dict(event)}:
                return EpochEnded.from_json(event)
            case {"kind": "StepProgress", "event": dict(event)}:
                return StepProgress.from_json(event)
            case {"kind": "speed", "steps_per_second": float(speed)}:
                return speed
            case {"kind": "error", "error": str(name), "values": [*values], "code": str(code)}:
                error = _ERRORS[name](*values)
                if error.code != code:
                    error.code = code
                return error
    except (ValueError, TypeError, KeyError, SearchEngineError):
        return None
    return None
