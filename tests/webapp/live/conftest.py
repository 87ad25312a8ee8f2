"""Alice owns one of every topic, Bob may look at her search, Charlie is a stranger."""

from collections.abc import Iterator

import pytest

from tests.webapp.access.conftest import arguments, leaves, make_upload, people
from tests.webapp.searches.conftest import launch, own_files, search
from webapp.live import hub

__all__ = ["arguments", "launch", "leaves", "make_upload", "own_files", "people", "search"]


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(hub, "POLL_SECONDS", 0.02)
    monkeypatch.setattr(hub, "RIGHTS_SECONDS", 0.02)
    yield
