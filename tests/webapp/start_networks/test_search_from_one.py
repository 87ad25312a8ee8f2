"""A search that starts from a user's own network: trained first, then grown."""

from search_engine.config import SearchConfig
from search_engine.training import Recipe
from tests.webapp.searches.driving import work
from webapp.accounts.models import User
from webapp.datasets.models import Dataset
from webapp.searches import engine_state, prefilling, services, start_trainer, worker_memory
from webapp.searches.documents import merged
from webapp.searches.models import Search, SearchEvent
from webapp.start_networks import reading
from webapp.start_networks import services as start_networks
from webapp.start_networks.models import Source
from webapp.state import State


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
    assert "start_network.progress" in told(search), "its fresh weights were not trained"
    assert SearchConfig.from_json(found.config).skeleton.family == "adopted"
    kept = found.checkpoints.exclude(trial=None).first()
    assert kept is not None
    assert kept.description["architecture"]["skeleton"]["model"] == "resnet18"

    # What has been trained on these images is good as it is.
    again = found.checkpoints.get(trial=None)
    second = services.launch(base, alice, name="Again", start_checkpoint=again)
    start_trainer.train(second.pk, "worker")
    assert "start_network.completed" in told(second)
    assert "start_network.progress" not in told(second)


def told(search: Search) -> list[str]:
    """Kinds of all events of a search."""
    return list(SearchEvent.objects.filter(search=search).values_list("kind", flat=True))
