"""What processes tell each other in lines of JSON."""

import pytest

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
from search_engine.training.messages import error_line, event_line, read_line


@pytest.mark.parametrize(
    "event",
    [
        StepProgress(3, 40, 1, 2.25, 310.5, 12.0, 0.05),
        EpochEnded(1, 2.25, 0.5, None, 0.1, 310.5, 4.0, 0.0),
        EpochEnded(2, 2.0, 0.5, 0.25, 0.1, 310.5, 4.0, 0.0, 0.2),
    ],
)
def test_an_event_arrives_as_it_was_told(event: Event) -> None:
    assert read_line(event_line(event)) == event


@pytest.mark.parametrize(
    "error",
    [
        CheckpointError("weights", "damaged"),
        DatasetError("digits", "missing"),
        DatasetError("digits", "no network", "download_failed"),
        InvalidArchitecture("root", "wrong"),
        InvalidConfig("cutout", "too large"),
        OutOfMemory("full"),
        TrainingBroken("Connection closed by peer"),
        TrainingDiverged(3, 70, "expected a finite loss, got nan"),
        TrainingStopped(4),
    ],
)
def test_an_error_is_raised_as_it_was(error: SearchEngineError) -> None:
    read = read_line(error_line(error))
    assert type(read) is type(error)
    assert str(read) == str(error)
    assert vars(read) == vars(error)


@pytest.mark.parametrize(
    "line", ["", "warning", "[]", '{"kind": "EpochEnded"}', '{"kind": "error", "error": "exit"}']
)
def test_other_lines_tell_nothing(line: str) -> None:
    assert read_line(line) is None
