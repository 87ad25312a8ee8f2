"""Tests that run on both databases: a module or conftest that imports `database` has each of them.

Each test runs on the settings' own database and on a PostgreSQL, in the same process. One server
is started for all of them.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from pytest_django.plugin import DjangoDbBlocker

from tests.webapp import servers
from webapp import env

ALIAS = "default"


@pytest.fixture(scope="session")
def postgresql(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """The address of a database with all tables."""
    with servers.postgresql() as address:
        with django_db_blocker.unblock(), pointed_at(address):
            call_command("migrate", interactive=False, verbosity=0)
        yield address


@pytest.fixture(scope="module", params=["own", "postgresql"], autouse=True)
def database(request: pytest.FixtureRequest) -> Iterator[None]:
    """The one that a test runs on."""
    if request.param == "own":
        yield
        return
    if connections[ALIAS].vendor == "postgresql":
        pytest.skip("the settings' own is one already")
    with pointed_at(request.getfixturevalue("postgresql")):
        yield


@contextmanager
def pointed_at(address: str) -> Iterator[None]:
    """Within it the application's database is the one at this address."""
    chosen = env.database("", address, relative_to=settings.ROOT, pool_size=0)
    before, own = connections.settings[ALIAS], connections[ALIAS]
    connections.settings[ALIAS] = connections.configure_settings({ALIAS: chosen})[ALIAS]
    connections[ALIAS] = connections.create_connection(ALIAS)
    try:
        yield
    finally:
        connections[ALIAS].close()
        connections.settings[ALIAS], connections[ALIAS] = before, own
