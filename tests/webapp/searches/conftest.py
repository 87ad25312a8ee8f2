"""Alice owns a search, Bob may look at it, Charlie is a stranger."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from search_engine.spec import DenseNetConfig, ImageShape
from search_engine.spec.presets import digits_demo
from search_engine.spec.recipe import Recipe
from search_engine.spec.search_config import Budget, Confirmation, DataConfig, SearchConfig
from search_engine.spec.start_training import ONE_ROUND
from tests.webapp.broker import broker_in
from tests.webapp.conftest import keep_files_in
from webapp.accounts.models import User
from webapp.datasets.models import Dataset
from webapp.searches import services
from webapp.searches.coordinator import engine_state
from webapp.searches.models import Search, Share
from webapp.searches.worker import memory as worker_memory
from webapp.work import runner


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Files and messages of a test go where no other test looks."""
    # The transaction around a test locks SQLite, so a thread that renews would wait for its end.
    monkeypatch.setattr(runner, "RENEW_SECONDS", 3600.0)
    keep_files_in(tmp_path, settings)
    # A database that was rolled back gives the same ids again.
    worker_memory.forget()
    engine_state.forget()
    with broker_in(tmp_path / "broker"):
        yield


def small_config(**changes: Any) -> SearchConfig:
    """Three trials of one epoch on a few of the digits, half a second on one core."""
    return replace(
        digits_demo(),
        **{
            "data": DataConfig(validation=100, calibration=50, train_limit=128),
            "skeleton": DenseNetConfig(blocks=1, growth=8, groups=2, image=ImageShape(1, 8, 8)),
            "start_recipe": Recipe(epochs=1, learning_rate=0.1),
            "start_rounds": ONE_ROUND,
            "recipe": Recipe(epochs=1, learning_rate=0.1),
            "budget": Budget(max_trials=3),
            "control": 0,
            "confirmation": Confirmation(finalists=0),
            **changes,
        },
    )


@pytest.fixture
def client(alice_client: Client) -> Client:
    """Alice's."""
    return alice_client


Launch = Callable[..., Search]


@pytest.fixture
def launch(alice: User, digits: Dataset) -> Launch:
    """Launch a small search of Alice's; keywords change its config."""

    def launched(**changes: Any) -> Search:
        return services.launch(alice, small_config(**changes), name="Digits")[0]

    return launched


@pytest.fixture
def search(launch: Launch, bob: User) -> Search:
    """Alice's search, which Bob may look at."""
    made = launch()
    Share.objects.create(search=made, user=bob)
    return made
