"""Alice's checkpoints, which Bob may look at: of a start network and of a trial."""

import pytest

from tests.webapp.checkpoints.making import make
from tests.webapp.searches.conftest import launch, own_files, search
from webapp.checkpoints.models import Checkpoint, Origin
from webapp.searches.models import Search

__all__ = ["launch", "own_files", "search"]


@pytest.fixture
def start(search: Search) -> Checkpoint:
    return make(search, Origin.START)


@pytest.fixture
def grown(search: Search) -> Checkpoint:
    return make(search, Origin.TRIAL)
