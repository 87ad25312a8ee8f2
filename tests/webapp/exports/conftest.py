"""An untrained start network of Alice's search on the digits, an export of it that waits, and a
network that she brought in."""

import pytest

from search_engine.architecture import Architecture, ChainNetConfig, ImageShape
from search_engine.networks import build_network
from tests.webapp.checkpoints.conftest import launch, own_files, search, start
from webapp.accounts.models import User
from webapp.checkpoints.models import Checkpoint, Origin
from webapp.checkpoints.storing import store
from webapp.exports import lifecycle
from webapp.exports.models import Export, Measurement

__all__ = ["launch", "own_files", "search", "start"]

IMAGE = ImageShape(channels=1, height=12, width=16)


@pytest.fixture
def export(start: Checkpoint) -> Export:
    return lifecycle.export_requested(start, "onnx")


@pytest.fixture
def brought(alice: User) -> Checkpoint:
    """Of no search, never trained, for grey images that are larger than the digits."""
    skeleton = ChainNetConfig(blocks=1, channels=8, image=IMAGE)
    network = build_network(Architecture.start(skeleton), seed=0)
    stored = store(network, "checkpoints/brought", accuracy=None, trained_on=None)
    return Checkpoint.objects.create(owner=alice, origin=Origin.UPLOAD, name="Mine", **stored)


@pytest.fixture
def measurement(brought: Checkpoint) -> Measurement:
    return lifecycle.measurement_requested(brought)
