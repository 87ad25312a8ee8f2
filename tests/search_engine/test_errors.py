"""Errors: one root, and whole after a trip to another process."""

import pickle

import pytest

from search_engine import errors
from search_engine.errors import (
    CheckpointError,
    ExportError,
    IllegalTransformation,
    InvalidConfig,
    OutOfMemory,
    SearchEngineError,
    TrainingDiverged,
)


def test_all_errors_have_one_root() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    assert all(issubclass(kind, SearchEngineError) for kind in kinds if issubclass(kind, Exception))


@pytest.mark.parametrize(
    "error",
    [
        InvalidConfig("seed", "expected 0, got 1"),
        IllegalTransformation("InsertNode", "no such branch"),
        CheckpointError("a/b", "missing"),
        ExportError("onnx", "it differs"),
        TrainingDiverged(2, 30, "the loss is nan"),
        OutOfMemory("3 GiB"),
    ],
)
def test_errors_survive_pickling(error: SearchEngineError) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)
