"""Alice's checkpoints: of a start network and of a trial, at which Bob may look; one that she
brought in, never trained; an export that waits, and a measurement."""

import pytest

from search_engine.networks import build_network
from search_engine.spec import Architecture, ChainNetConfig, ImageShape
from tests.webapp.checkpoints.making import make
from tests.webapp.searches.conftest import client, launch, own_files, search
from webapp.accounts.models import User
from webapp.checkpoints import lifecycle
from webapp.checkpoints.child import store
from webapp.checkpoints.models import Checkpoint, Export, Measurement, Origin
from webapp.searches.models import Search

__all__ = ["client", "launch", "own_files", "search"]

IMAGE = ImageShape(channels=1, height=12, width=16)


@pytest.fixture
def start(search: Search) -> Checkpoint:
    return make(search, Origin.START)


@pytest.fixture
def grown(search: Search) -> Checkpoint:
    return make(search, Origin.TRIAL)


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
