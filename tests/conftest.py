"""What all tests share."""

import os
from pathlib import Path

import pytest
import torch
from hypothesis import settings

from tests.webapp.first_start import prepared_in

# Two test processes share two cores: more threads would only wait for each other.
torch.set_num_threads(1)

# The same examples on every machine, and no deadline: the first example pays for imports.
settings.register_profile("espalier", deadline=None, derandomize=True)
settings.load_profile("espalier")


@pytest.fixture(scope="session")
def first_start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a first start leaves in its folder, to be copied."""
    own = tmp_path_factory.getbasetemp()
    return prepared_in(own.parent if "PYTEST_XDIST_WORKER" in os.environ else own)


# What starts an Espalier waits more than it works. It goes first, so that others work meanwhile,
# and no process is left alone with it in the end.
STARTS_AN_ESPALIER = {"first_start", "fresh", "environment", "stack"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """After pytest-django, which wants what resets its database to be last."""
    items.sort(key=_rank)


def _rank(item: pytest.Item) -> bool:
    names = getattr(item, "fixturenames", ())
    return item.get_closest_marker("django_db") is not None or STARTS_AN_ESPALIER.isdisjoint(names)
