"""A search that starts from a network which another search has grown."""

from typing import Any

import pytest

from search_engine.spec.search_config import Budget, SearchConfig
from tests.webapp.conftest import browser
from tests.webapp.searches.conftest import Launch
from tests.webapp.searches.driving import work
from webapp.accounts.models import User
from webapp.checkpoints.models import Checkpoint
from webapp.errors import ProductError
from webapp.searches import documents, services
from webapp.searches.forms import LaunchForm
from webapp.searches.models import Search
from webapp.state import State

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]


@pytest.fixture
def grown(launch: Launch) -> Checkpoint:
    """Of a trial of the strategy random, whose cells have always grown."""
    search = launch(strategy="random", budget=Budget(max_trials=1))
    work(search)
    return Checkpoint.objects.get(trial__search=search)


def cell(checkpoint: Checkpoint) -> Any:
    return checkpoint.description["architecture"]["cell"]


def test_the_api_grows_it_further_with_the_settings_that_it_came_from(grown: Checkpoint) -> None:
    assert grown.can_start
    client = browser(grown.owner)
    asked = {
        "name": "Further",
        "start_checkpoint": grown.pk,
        "config": {"seed": 9, "budget": {"max_trials": 2}},
    }
    answer = client.post("/api/v1/searches/", asked, content_type="application/json")
    assert answer.status_code == 201, answer.json()
    config = answer.json()["config"]
    assert (config["strategy"], config["start_cell"]) == ("grow", cell(grown))
    assert (config["budget"]["max_trials"], config["recipe"]["epochs"]) == (2, 1)
    search = Search.objects.get(pk=answer.json()["id"])
    work(search)
    assert search.start.accuracy == pytest.approx(grown.accuracy)
    assert search.start.parameters == grown.parameters
    assert search.state == State.COMPLETED and search.trials_completed == 2


def test_the_form_grows_it_further(grown: Checkpoint) -> None:
    client = browser(grown.owner)
    address = f"/searches/new/?checkpoint={grown.pk}"
    form: LaunchForm = client.get(address).context["form"]
    sent = {field.html_name: field.value() for field in form}
    sent = {name: value for name, value in sent.items() if value is not None}
    answer = client.post(address, sent)
    assert answer.status_code == 302, answer.context["form"].errors
    search = Search.objects.get(start_checkpoint=grown)
    assert (search.config["strategy"], search.config["start_cell"]) == ("grow", cell(grown))


def test_other_strategies_cannot_begin_with_it(grown: Checkpoint, alice: User) -> None:
    config = SearchConfig.from_json(documents.base_document("digits-demo"))
    assert not config.has_parents
    with pytest.raises(ProductError, match="only it can begin with a network that has grown"):
        services.launch(alice, config, name="No", start_checkpoint=grown)
