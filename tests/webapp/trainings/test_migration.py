"""A start network that was being trained when its search's columns became a row goes on."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from tests.webapp.searches.conftest import own_files, small_config
from webapp.trainings import folders
from webapp.trainings.models import Training

pytestmark = pytest.mark.thorough

__all__ = ["own_files"]  # a fixture

BEFORE = [
    ("searches", "0003_trials_are_work"),
    ("trainings", "0002_one_model"),
    ("datasets", "0002_preparations_are_work"),  # as its table is
]


def migrate(targets: list[tuple[str, str]]) -> Any:
    """The models as they are then."""
    executor = MigrationExecutor(connection)
    executor.migrate(targets)
    return executor.loader.project_state(targets).apps


@pytest.fixture
def latest(transactional_db: None) -> Iterator[list[tuple[str, str]]]:
    """Where all other tests stand."""
    found = MigrationExecutor(connection).loader.graph.leaf_nodes()
    yield found
    migrate(found)


def test_a_start_network_in_its_midst_becomes_a_training_with_its_state(
    latest: list[tuple[str, str]], tmp_path: Path
) -> None:
    apps = migrate(BEFORE)
    lease = timezone.now() + timedelta(seconds=20)
    datasets = apps.get_model("datasets", "Dataset").objects
    dataset = datasets.get_or_create(engine_name="digits", defaults={"name": "Digits"})[0].pk
    owner = apps.get_model("accounts", "User").objects.create(username="ada")
    search = apps.get_model("searches", "Search").objects.create(
        owner=owner,
        dataset_id=dataset,
        name="Old",
        config=small_config().to_json(),
        max_trials=3,
        state="running",
        start_attempt=2,
        start_losses=1,
        start_lease_until=lease,
        start_worker="gpu0@lab",
    )
    log = apps.get_model("live", "Log").objects.create(kind="search", topic_id=search.pk)
    for number in (1, 2):
        apps.get_model("live", "Event").objects.create(
            log=log,
            sequence=number,
            kind="start_network.progress",
            payload={"epoch": number, "accuracy": number / 10},
        )
    kept = tmp_path / "training" / str(search.pk) / "state"
    kept.parent.mkdir(parents=True)
    kept.write_text("epoch 2")

    migrate(latest)

    training = Training.objects.get(search_id=search.pk)
    assert (training.purpose, training.state, training.attempt) == ("start", "running", 2)
    assert (training.workers_lost, training.worker, training.lease_until) == (1, "gpu0@lab", lease)
    assert [epoch["accuracy"] for epoch in training.history] == [0.1, 0.2]
    assert training.parameters > 0
    assert (folders.attempt_folder(training.pk, 3) / "state").read_text() == "epoch 2"
