"""A search that starts from a user's own network: trained first, then grown."""

import pytest

from search_engine.config import SearchConfig
from search_engine.training import Recipe
from tests.webapp.searches.driving import work
from webapp.accounts.models import User
from webapp.datasets.models import Dataset
from webapp.searches import engine_state, prefilling, services, worker_memory
from webapp.searches.documents import merged
from webapp.searches.models import Search
from webapp.start_networks import reading
from webapp.start_networks import services as start_networks
from webapp.start_networks.models import Source
from webapp.state import State


@pytest.fixture
def digits(db: None) -> Dataset:
    return Dataset.objects.update_or_create(
        engine_name="digits",
        defaults={
            "name": "Digits",
            "image_channels": 1,
            "image_height": 8,
            "image_width": 8,
            "image_count": 1797,
            "class_names": [str(digit) for digit in range(10)],
            "on_disk": True,
            "state": State.COMPLETED,
        },
    )[0]


def test_a_torchvision_model_is_trained_and_then_grown(alice: User, digits: Dataset) -> None:
    worker_memory.forget()
    engine_state.forget()
    own = start_networks.add(alice, Source.TORCHVISION, model="resnet18", dataset=digits)
    reading.prepare(own.pk)
    own.refresh_from_db()
    assert own.outline is not None, own.failure
    sites = [layer["name"] for layer in own.outline["layers"] if layer["site"]][-2:]
    start_networks.choose_sites(alice, own.pk, sites)
    reading.prepare(own.pk)
    own.refresh_from_db()
    assert own.checkpoint is not None, own.failure
    short = Recipe(epochs=1, learning_rate=0.05)
    changes = {
        "start_recipe": short.to_json(),
        "recipe": short.to_json(),
        "budget": {"max_trials": 2},
    }
    base = merged(prefilling.start_document(own.checkpoint), changes)
    search = services.launch(base, alice, name="Mine", start_checkpoint=own.checkpoint)
    work(search)
    found = Search.objects.get(pk=search.pk)
    assert (found.state, found.trials_completed) == (State.COMPLETED, 2), found.failure
    assert found.start_progress is None or found.start_progress["epoch"] == 1
    assert SearchConfig.from_json(found.config).skeleton.family == "adopted"
    kept = found.checkpoints.exclude(trial=None).first()
    assert kept is not None
    assert kept.description["architecture"]["skeleton"]["model"] == "resnet18"
