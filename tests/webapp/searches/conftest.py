"""Alice owns a search, Bob may look at it, Charlie is a stranger."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from search_engine.config import Budget, DataConfig, SearchConfig
from search_engine.presets import digits_demo
from search_engine.training import Recipe
from tests.webapp.broker import broker_in
from webapp.accounts.models import User
from webapp.datasets.models import Dataset
from webapp.searches import engine_state, holding, services, worker_memory
from webapp.searches.models import Search, Share


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Files and messages of a test go where no other test looks."""
    # The transaction around a test locks SQLite, so a thread that renews would wait for its end.
    monkeypatch.setattr(holding, "RENEW_SECONDS", 3600.0)
    settings.VAR = tmp_path
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path / "files"},
        },
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    # A database that was rolled back gives the same ids again.
    worker_memory.forget()
    engine_state.forget()
    with broker_in(tmp_path / "broker"):
        yield


def small_config(**changes: Any) -> SearchConfig:
    """Three trials of one epoch on some of the digits, a second on one core."""
    return replace(
        digits_demo(),
        **{
            "data": DataConfig(validation=100, calibration=50, train_limit=320),
            "start_recipe": Recipe(epochs=1, learning_rate=0.1),
            "recipe": Recipe(epochs=1, learning_rate=0.1),
            "budget": Budget(max_trials=3),
            **changes,
        },
    )


Launch = Callable[..., Search]


@pytest.fixture
def launch(alice: User, digits: Dataset) -> Launch:
    """Launch a small search of Alice's; keywords change its config."""

    def launched(**changes: Any) -> Search:
        return services.launch(small_config(**changes).to_json(), alice, name="Digits")

    return launched


@pytest.fixture
def search(launch: Launch, bob: User) -> Search:
    """Alice's search, which Bob may look at."""
    made = launch()
    Share.objects.create(search=made, user=bob)
    return made
