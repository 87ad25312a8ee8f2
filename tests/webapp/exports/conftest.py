"""An untrained start network of Alice's search on the digits, and an export of it that waits."""

import pytest

from tests.webapp.checkpoints.conftest import launch, own_files, search, start
from webapp.checkpoints.models import Checkpoint
from webapp.exports import lifecycle
from webapp.exports.models import Export

__all__ = ["launch", "own_files", "search", "start"]


@pytest.fixture
def export(start: Checkpoint) -> Export:
    return lifecycle.export_requested(start, "onnx")
