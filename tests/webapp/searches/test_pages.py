"""The pages of searches, and the launch form."""

from typing import Any

import pytest
from django.test import Client

from search_engine.config import SearchConfig
from search_engine.presets import PRESETS, preset
from tests.webapp.searches.conftest import small_config
from tests.webapp.searches.driving import browser
from webapp.accounts.models import User
from webapp.datasets.models import Dataset
from webapp.searches.forms import LaunchForm
from webapp.searches.models import Search

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(alice: User, digits: Dataset) -> Client:
    return browser(alice)


def filled(user: User, config: SearchConfig, **changes: Any) -> dict[str, Any]:
    """What a browser sends of the form as it was filled."""
    form = LaunchForm(user=user, base=config.to_json())
    values = {name: form[name].value() for name in form.fields}
    return {name: v for name, v in {**values, "name": "A", **changes}.items() if v is not None}


@pytest.mark.parametrize("name", list(PRESETS))
def test_the_form_as_it_is_filled_gives_the_presets_config(name: str, alice: User) -> None:
    config = preset(name)
    Dataset.objects.update_or_create(
        engine_name=config.data.name,
        defaults={
            "image_channels": config.skeleton.image.channels,
            "image_height": config.skeleton.image.height,
            "image_width": config.skeleton.image.width,
            "class_names": [str(i) for i in range(10)],
            "image_count": 60_000,
            "state": "completed",
        },
    )
    form = LaunchForm(filled(alice, config), user=alice, base=config.to_json())
    assert form.errors == {}
    assert form.cleaned_data["config"] == config


def test_a_search_is_launched_from_the_form(client: Client, alice: User) -> None:
    answer = client.post("/searches/new/", filled(alice, small_config(), seed=4))
    search = Search.objects.get()
    assert answer.headers["Location"] == f"/searches/{search.pk}/"
    assert search.config["seed"] == 4


def test_errors_stand_beside_their_fields(client: Client, alice: User) -> None:
    wrong = filled(alice, small_config(), **{"recipe.epochs": 0})
    answer = client.post("/searches/new/", wrong)
    assert answer.status_code == 400
    assert "1 to 100,000" in answer.context["form"].errors["recipe.epochs"][0]


def test_another_family_takes_its_own_fields(alice: User, digits: Dataset) -> None:
    config = small_config()
    changes = {"skeleton.family": "chainnet", "skeleton.channels": 8, "skeleton.blocks": "2"}
    form = LaunchForm(filled(alice, config, **changes), user=alice, base=config.to_json())
    assert form.errors == {}
    assert form.cleaned_data["config"].skeleton.family == "chainnet"


def test_costs_become_an_objective_and_back(alice: User, digits: Dataset) -> None:
    config = small_config()
    changes = {"objective.parameters.limit": 50_000}
    form = LaunchForm(filled(alice, config, **changes), user=alice, base=config.to_json())
    assert form.errors == {}
    found = form.cleaned_data["config"]
    assert [(t.cost, t.rule, t.value) for t in found.objective.terms] == [
        ("parameters", "limit", 50_000)
    ]
    assert LaunchForm(user=alice, base=found.to_json())["objective.parameters.limit"].value()


def test_the_check_counts_and_says_what_changed(client: Client, alice: User) -> None:
    sent = filled(alice, preset("digits-demo"), **{"budget.max_trials": 5, "preset": "digits-demo"})
    found = client.post("/searches/check/", sent).json()
    assert found["errors"] == {}
    assert found["changed"] == ["budget.max_trials"]
    assert found["epochs"] == 6 + 5 * 4
    assert found["parameters"] > 1000


def test_the_check_counts_before_there_is_a_name(client: Client, alice: User) -> None:
    found = client.post("/searches/check/", filled(alice, small_config(), name="")).json()
    assert list(found["errors"]) == ["name"]
    assert found["parameters"] > 1000


def test_a_clone_is_filled_from_its_parent(client: Client, alice: User) -> None:
    client.post("/searches/new/", filled(alice, small_config(), seed=4))
    parent = Search.objects.get()
    page = client.get(f"/searches/new/?from={parent.pk}")
    assert page.context["form"]["seed"].value() == 4
    sent = filled(alice, small_config(), seed=5)
    client.post(f"/searches/new/?from={parent.pk}", sent)
    assert Search.objects.get(parent=parent).config["seed"] == 5


def test_one_click_grows_a_network_on_digits(client: Client) -> None:
    answer = client.post("/searches/demo/")
    assert answer.status_code == 302
    assert Search.objects.get().preset == "digits-demo"


def test_looking_starts_no_work(client: Client) -> None:
    client.post("/searches/demo/")
    search = Search.objects.get()
    before = search.last_sequence
    for address in ("/", f"/searches/{search.pk}/", "/searches/new/"):
        assert client.get(address).status_code == 200
    search.refresh_from_db()
    assert search.last_sequence == before


def test_a_page_without_script_can_steer(client: Client) -> None:
    client.post("/searches/demo/")
    address = f"/searches/{Search.objects.get().pk}/"
    client.post(f"{address}cancel/")
    assert Search.objects.get().state == "cancelled"
    assert client.post(f"{address}cancel/", follow=True).status_code == 200
    client.post(f"{address}delete/")
    assert not Search.objects.exists()


def test_the_page_says_where_its_events_go_on(client: Client) -> None:
    client.post("/searches/demo/")
    search = Search.objects.get()
    state = client.get(f"/searches/{search.pk}/").context["page_state"]
    assert state["sequence"] == search.last_sequence
    assert state["search"]["state"] == "queued"
