"""Errors: one root, and whole after a trip to another process."""

import pickle

import pytest

from search_engine.spec import errors
from search_engine.spec.errors import (
    CheckpointError,
    DatasetError,
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


def test_every_kind_of_error_has_a_code_of_its_own() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    codes = [kind.code for kind in kinds if issubclass(kind, SearchEngineError)]
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize(
    "error",
    [
        InvalidConfig("seed", "expected 0, got 1"),
        IllegalTransformation("InsertNode", "no such branch"),
        CheckpointError("a/b", "missing"),
        DatasetError("a.zip", "it has a password", "zip_encrypted"),
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
