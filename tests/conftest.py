"""What all tests share."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

from tests.stand_in import StandIn, headers, lacking
from tests.webapp.first_start import prepared_in

# The same examples on every machine, and no deadline: the first example pays for imports.
settings.register_profile("espalier", deadline=None, derandomize=True)
settings.load_profile("espalier")


@pytest.fixture(scope="session")
def first_start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a first start leaves in its folder, to be copied."""
    own = tmp_path_factory.getbasetemp()
    return prepared_in(own.parent if "PYTEST_XDIST_WORKER" in os.environ else own)


@pytest.fixture(scope="session")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> StandIn:
    """A CUDA runtime that computes nothing."""
    found, missing = headers(), lacking()
    if missing or found is None:
        pytest.skip(f"left out, for there is no {missing}")
    return StandIn(tmp_path_factory.mktemp("stand-in"), found)


# What starts an Espalier waits more than it works. It goes first, so that others work meanwhile,
# and no process is left alone with it in the end.
STARTS_AN_ESPALIER = {
    "first_start",
    "fresh",
    "environment",
    "old_installation",
    "stack",
    "s3_server",
}


def pytest_itemcollected(item: pytest.Item) -> None:
    """`make quick` leaves out what drives a browser or starts servers, wherever it stands."""
    if "browser" in _fixtures(item):
        item.add_marker("browser")
    if STARTS_AN_ESPALIER & _fixtures(item) or _imports(item, "tests.webapp.servers"):
        item.add_marker("servers")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """After pytest-django, which wants what resets its database to be last."""
    # Only here: the process that gives out the tests runs none, and need not wait for torch.
    import torch

    # Three test processes share two cores: more threads would only wait for each other.
    torch.set_num_threads(1)
    items.sort(key=_rank)


def _rank(item: pytest.Item) -> bool:
    is_waiting = STARTS_AN_ESPALIER & _fixtures(item)
    return item.get_closest_marker("django_db") is not None or not is_waiting


def _fixtures(item: pytest.Item) -> set[str]:
    return set(getattr(item, "fixturenames", ()))


def _imports(item: pytest.Item, name: str) -> bool:
    """Whether the test's module has that module among its names."""
    module = getattr(item, "module", None)
    return any(getattr(value, "__name__", "") == name for value in vars(module or item).values())
