"""A search that starts from a user's own network: trained first, then grown."""

import pytest
from django.urls import reverse

from search_engine.spec.final_training import Weights
from search_engine.spec.search_config import SearchConfig
from tests.webapp.adopted.driving import prepare
from tests.webapp.conftest import browser
from tests.webapp.searches.driving import work
from tests.webapp.trainings.driving import train
from webapp.accounts.models import User
from webapp.adopted import services as adopted_networks
from webapp.adopted.names import Source
from webapp.checkpoints import services as checkpoints
from webapp.checkpoints.models import Checkpoint, Origin
from webapp.datasets.models import Dataset
from webapp.errors import ProductError
from webapp.live import log
from webapp.searches import services
from webapp.searches.coordinator import engine_state
from webapp.searches.forms import LaunchForm
from webapp.searches.models import Search
from webapp.searches.worker import memory as worker_memory
from webapp.state import State
from webapp.trainings.documents import Compare
from webapp.trainings.forms import FinalForm
from webapp.trainings.models import Purpose
from webapp.work import runner

pytestmark = [pytest.mark.usefixtures("in_this_process"), pytest.mark.thorough]

SHORT = {
    "start_recipe.epochs": 1,
    "start_rounds.max_rounds": 1,
    "start_recipe.learning_rate": 0.05,
    "recipe.epochs": 1,
    "recipe.learning_rate": 0.05,
    "budget.max_trials": 2,
    "control": 0,
    "confirmation.finalists": 0,
    "strategy": "reinforce",
    "data.train_limit": 200,
}


def test_a_torchvision_model_is_trained_and_then_grown(alice: User, digits: Dataset) -> None:
    worker_memory.forget()
    engine_state.forget()
    own = adopted_networks.add(alice, Source.TORCHVISION, model="resnet18", dataset=digits)
    prepare(own.pk)
    own.refresh_from_db()
    assert own.outline is not None, own.failure
    sites = [layer["name"] for layer in own.outline["layers"] if layer["site"]][-2:]
    adopted_networks.choose_sites(alice, own.pk, sites)
    prepare(own.pk)
    own.refresh_from_db()
    assert own.checkpoint is not None, own.failure
    search = launched_on_the_page(alice, own.checkpoint)
    work(search)
    found = Search.objects.get(pk=search.pk)
    assert (found.state, found.trials_completed) == (State.COMPLETED, 2), found.failure
    assert "start_network.progress" in told(search), "its fresh weights were not trained"
    assert SearchConfig.from_json(found.config).skeleton.family == "adopted"
    kept = found.checkpoints.exclude(trial=None).first()
    assert kept is not None
    assert kept.description["architecture"]["skeleton"]["model"] == "resnet18"
    in_folds(found, kept, own.checkpoint)

    # What has been trained on these images is good as it is.
    again = found.checkpoints.get(origin=Origin.START)
    config = SearchConfig.from_json(search.config)
    second, _ = services.launch(alice, config, name="Again", start_checkpoint=again)
    runner.run("training", second.start.pk, "worker")
    assert "start_network.completed" in told(second)
    assert "start_network.progress" not in told(second)


def in_folds(search: Search, kept: Checkpoint, brought: Checkpoint) -> None:
    """By the page as it comes, but short: each fold begins with the weights that were brought."""
    assert kept.trial is not None
    client = browser(search.owner)
    link = reverse("new_final_training", args=[search.pk, kept.trial.number])
    form: FinalForm = client.get(link).context["form"]
    assert form["weights"].value() == Weights.ADOPTED
    values = {name: form[name].value() for name in form.fields}
    sent = {name: value for name, value in values.items() if value is not None}
    sent |= {"data.folds": 2, "data.validation": 0, "recipe.epochs": 1, "compare": Compare.NONE}
    grown = client.post(link, {**sent, "weights": Weights.GROWN})
    assert "other folds" in str(grown.context["form"].errors["data.folds"])
    assert client.post(link, sent).status_code == 302
    training = search.trainings.get(purpose=Purpose.FINAL)
    with pytest.raises(ProductError, match="grows its weights; cancel it first"):
        checkpoints.delete(search.owner, brought.pk)
    train(training)
    assert training.state == State.COMPLETED, training.failure
    assert len(training.fold_accuracies) == 2 and training.test_images == 1797
    assert training.checkpoint is not None
    assert training.checkpoint.skeleton == kept.skeleton
    # Without what was brought there is nothing that has not seen the other folds.
    checkpoints.delete(search.owner, brought.pk)
    offered = client.get(link).context["form"].fields["weights"].choices
    assert [value for value, _ in offered] == [Weights.SCRATCH, Weights.GROWN]


def launched_on_the_page(user: User, start: Checkpoint) -> Search:
    """By the form as it comes, but for a short search."""
    client, link = browser(user), f"/searches/new/?checkpoint={start.pk}&dataset=digits"
    form: LaunchForm = client.get(link).context["form"]
    values = {name: form[name].value() for name in form.fields}
    sent = {name: value for name, value in values.items() if value is not None}
    answer = client.post(link, {**sent, **SHORT})
    assert answer.status_code == 302, answer.context["form"].errors
    return Search.objects.get(name=values["name"])


def told(search: Search) -> list[str]:
    """Kinds of all events of a search."""
    return list(log.events(search.topic).values_list("kind", flat=True))
