"""The people of the application's tests, and Alice's things, for those who attack."""

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper

from tests.webapp.access.conftest import arguments, people
from tests.webapp.checkpoints.conftest import brought
from tests.webapp.conftest import (
    admin,
    admin_client,
    alice,
    alice_client,
    anonymous_client,
    bob,
    bob_client,
    charlie,
    charlie_client,
    client_of,
    clothing,
    digits,
    in_this_process,
    no_renewals,
)
from tests.webapp.datasets.conftest import leaves, make_upload
from tests.webapp.searches.conftest import launch, own_files, search
from webapp.accounts.models import User
from webapp.accounts.services import issue_token

__all__ = [
    "admin",
    "admin_client",
    "alice",
    "alice_client",
    "anonymous_client",
    "arguments",
    "bob",
    "bob_client",
    "brought",
    "charlie",
    "charlie_client",
    "client_of",
    "clothing",
    "digits",
    "in_this_process",
    "launch",
    "leaves",
    "make_upload",
    "no_renewals",
    "own_files",
    "people",
    "search",
]


@pytest.fixture
def bearer(alice: User) -> dict[str, str]:
    """Alice's token, as a header."""
    _, secret = issue_token(alice, name="Attack", expires_at=None)
    return {"Authorization": f"Bearer {secret}"}


@pytest.fixture(autouse=True)
def kept_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request's end would close the connection that holds the transaction around the test."""
    monkeypatch.setattr(BaseDatabaseWrapper, "close_if_unusable_or_obsolete", lambda _: None)
