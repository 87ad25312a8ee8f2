"""Final trainings over the API, and on their pages."""

from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from search_engine.networks.adopted import outline_torchvision
from search_engine.spec import ImageShape, cell_to_json, search_space_of
from search_engine.spec.presets import digits_demo
from search_engine.spec.search_config import SearchConfig
from tests.webapp.conftest import browser
from tests.webapp.searches.conftest import small_config
from tests.webapp.trainings.conftest import Train, tiny
from tests.webapp.trainings.driving import train
from webapp.live import log
from webapp.searches.models import Search, Trial
from webapp.trainings import documents
from webapp.trainings.documents import Compare
from webapp.trainings.forms import FinalForm
from webapp.trainings.models import Training

pytestmark = pytest.mark.django_db

API = "/api/v1/final-trainings/"
FOR_LARGE_IMAGES = "paper-imagenet-mobile"


@pytest.fixture
def client(trial: Trial) -> Client:
    return browser(trial.search.owner)


def launch_body(trial: Trial, **more: Any) -> dict[str, Any]:
    config = {"recipe": {"epochs": 2}, "skeleton": {"blocks": 1, "alpha": 6}}
    return {"search": trial.search_id, "trial": 1, "preset": "digits", "config": config, **more}


def post(client: Client, address: str, body: Any = None, **headers: Any) -> Any:
    return client.post(address, body, content_type="application/json", headers=headers)


def test_it_is_launched_once_under_a_key(client: Client, trial: Trial) -> None:
    body = launch_body(trial, compare="same-settings", name="Mine")
    answers = [post(client, API, body, **{"Idempotency-Key": "one"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    first, again = (answer.json() for answer in answers)
    assert first["id"] == again["id"]
    assert (first["name"], first["epochs"], first["trial"], first["state"]) == (
        "Mine",
        2,
        1,
        "queued",
    )
    assert Training.objects.exclude(purpose="start").count() == 2


def test_the_wrong_field_is_named(client: Client, trial: Trial) -> None:
    for config, field in (
        ({"recipe": {"epochs": 0}}, "recipe.epochs"),
        ({"skeleton": {"blocks": 0}}, "skeleton.blocks"),
        ({"weights": "grown"}, "weights"),
    ):
        answer = post(client, API, launch_body(trial, config=config))
        assert answer.status_code == 422
        assert field in answer.json()["fields"]


def test_it_is_paused_resumed_renamed_cancelled_and_deleted(client: Client, trial: Trial) -> None:
    place = f"{API}{post(client, API, launch_body(trial)).json()['id']}/"
    assert post(client, f"{place}pause/").json()["state"] == "paused"
    assert post(client, f"{place}pause/").status_code == 409
    assert post(client, f"{place}resume/").json()["state"] == "queued"
    renamed = client.patch(place, {"name": "B"}, content_type="application/json")
    assert renamed.json()["name"] == "B"
    assert client.delete(place).status_code == 409
    assert post(client, f"{place}cancel/").json()["state"] == "cancelled"
    assert client.delete(place).status_code == 204
    assert client.get(place).status_code == 404


def test_the_list_is_filtered(client: Client, trial: Trial, train_fully: Train) -> None:
    train_fully(trial)
    counts = {
        query: client.get(f"{API}?{query}").json()["count"]
        for query in ("", f"search={trial.search_id}", "search=999", "state=queued", "state=failed")
    }
    assert list(counts.values()) == [1, 1, 0, 1, 0]
    assert client.get(f"{API}?state=nonsense").status_code == 400


def test_live_state_goes_on_where_the_searchs_events_do(
    client: Client, trial: Trial, train_fully: Train
) -> None:
    training = train_fully(trial, Compare.SAME_SETTINGS)
    live = client.get(f"{API}{training.pk}/live/").json()
    training.search.refresh_from_db()
    assert live["sequence"] == log.last_sequence(training.search.topic)
    assert live["comparison"]["id"] == training.compared_with_id
    assert live["search"] == training.search_id


def test_a_completed_one_says_all_that_was_measured(
    client: Client, trial: Trial, train_fully: Train
) -> None:
    training = train(train_fully(trial))
    found = client.get(f"{API}{training.pk}/").json()
    assert found["test_accuracy"] == training.test_accuracy
    assert len(found["history"]) == found["epochs"] == 2
    assert len(found["per_class_accuracy"]) == len(found["class_names"]) == 10
    assert found["checkpoint"] == training.checkpoint_id


def test_the_list_takes_as_many_queries_for_one_as_for_many(
    client: Client, trial: Trial, train_fully: Train
) -> None:
    counts = []
    for seed in (1, 2, 3):
        train_fully(trial, seed=seed)
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/final-trainings/").status_code == 200
        counts.append(len(queries))
    assert counts[1] == counts[2]


def test_the_schema_has_every_endpoint(client: Client) -> None:
    schema = client.get("/api/v1/schema/?format=json").content.decode()
    for name in ("list", "launch", "detail", "change", "delete", "live"):
        assert f"final_trainings_{name}" in schema


def filled(trial: Trial, **changes: Any) -> dict[str, Any]:
    """What a browser sends of the form as it was filled."""
    base = documents.base_document(trial.search, trial, "digits")
    form = FinalForm(search=trial.search, trial=trial, base=base)
    values = {name: form[name].value() for name in form.fields}
    first = {"compare": "same-settings", "preset": "digits", "name": "A"}
    return {name: v for name, v in {**values, **first, **changes}.items() if v is not None}


def filled_form(preset: str, trial: Trial) -> FinalForm:
    """As it is sent when nothing was changed in it."""
    base = documents.base_document(trial.search, trial, preset)
    form = FinalForm(search=trial.search, trial=trial, base=base)
    sent = {name: form[name].value() for name in form.fields}
    sent = {name: value for name, value in sent.items() if value is not None}
    return FinalForm({**sent, "compare": "none"}, search=trial.search, trial=trial, base=base)


@pytest.mark.parametrize("preset", [p for p in documents.PRESETS if p != FOR_LARGE_IMAGES])
def test_the_form_as_it_is_filled_gives_the_presets_config(preset: str, trial: Trial) -> None:
    form = filled_form(preset, trial)
    assert form.errors == {}
    base = documents.base_document(trial.search, trial, preset)
    assert form.config == documents.checked(base, trial.search, trial)


def test_a_preset_for_large_images_says_what_small_ones_lack(trial: Trial) -> None:
    (reason,) = filled_form(FOR_LARGE_IMAGES, trial).non_field_errors()
    assert "5 stages of condensenet: expected a multiple of 32 pixels, got 8" in reason


def test_an_adopted_network_keeps_its_sizes_or_another_takes_its_place(
    client: Client, trial: Trial
) -> None:
    skeleton = outline_torchvision("resnet18", ImageShape(3, 32, 32)).config()
    searched = SearchConfig.from_json(trial.search.config)
    config = replace(searched, skeleton=skeleton, space=search_space_of(skeleton))
    Search.objects.filter(pk=trial.search_id).update(config=config.to_json())
    trial.cell = cell_to_json(skeleton.start_cell)
    trial.save(update_fields=["cell"])
    for preset, family in ((documents.AS_SEARCHED, "adopted"), ("digits", "pyramidnet")):
        page = client.get(f"{new(trial)}?preset={preset}")
        form = page.context["form"]
        assert form["skeleton.family"].value() == family
        assert ("skeleton.blocks" in form.fields) == (family != "adopted")
        sent = {name: form[name].value() for name in form.fields}
        sent = {name: value for name, value in sent.items() if value is not None}
        found = client.post(new(trial).replace("/new/", "/check/"), {**sent, "compare": "none"})
        assert found.json()["errors"] == {}


@pytest.mark.parametrize(
    ("family", "code"), [("densenet", 302), ("chainnet", 302), ("condensenet", 400)]
)
def test_another_family_takes_its_own_fields_or_says_why_it_does_not_fit(
    family: str, code: int, client: Client, trial: Trial
) -> None:
    sizes = {"skeleton.growth": 8, "skeleton.channels": 8, "skeleton.blocks": 1}
    answer = client.post(new(trial), filled(trial, **{"skeleton.family": family, **sizes}))
    assert answer.status_code == code
    if code == 302:
        assert Training.objects.get(trial=trial).config["skeleton"]["family"] == family
    else:
        assert answer.context["form"].errors


def test_both_are_launched_from_the_form(client: Client, trial: Trial) -> None:
    answer = client.post(new(trial), filled(trial, **{"recipe.epochs": 5, "skeleton.alpha": 8}))
    training = Training.objects.get(trial=trial)
    assert answer.headers["Location"] == f"/final-trainings/{training.pk}/"
    assert (training.epochs, training.config["skeleton"]["alpha"]) == (5, 8)
    assert training.compared_with is not None
    assert training.compared_with.epochs == 5


def new(trial: Trial) -> str:
    return f"/searches/{trial.search_id}/trials/1/final/new/"


def test_errors_stand_beside_their_fields(client: Client, trial: Trial) -> None:
    wrong = {"recipe.epochs": 0, "weights": "grown"}
    for name, value in (*wrong.items(), ("skeleton.blocks", 0), ("skeleton.blocks", "2, 3")):
        answer = client.post(new(trial), filled(trial, **{name: value}))
        assert answer.status_code == 400
        assert name in answer.context["form"].errors


def test_the_check_counts_estimates_and_says_why_weights_cannot_grow(
    client: Client, trial: Trial
) -> None:
    place = new(trial).replace("/new/", "/check/")
    trial.search.config = small_config(data=digits_demo().data).to_json()
    trial.search.save()
    found = client.post(place, filled(trial, **{"recipe.epochs": 10})).json()
    assert found["errors"] == {}
    assert found["parameters"] > 1000
    # 1,797 images, a fifth of them for tests, 300 held out: 1,138 learned from, ten times.
    assert found["images"] == 10 * (1797 - 359 - 300)
    # 1,000 images a second at a million multiply-adds, in proportion.
    expected = found["images"] / 1000 * found["multiply_adds"] / 1_000_000
    assert found["seconds"] == pytest.approx(expected)
    assert "not kept" in found["against_growing"]


def test_looking_starts_no_work(client: Client, trial: Trial) -> None:
    for preset in documents.PRESETS:
        assert client.get(f"{new(trial)}?preset={preset}").status_code == 200
    assert client.get("/final-trainings/").status_code == 200
    assert not Training.objects.exclude(purpose="start").exists()


def test_a_page_without_script_can_steer(client: Client, trial: Trial, train_fully: Train) -> None:
    training = train_fully(trial)
    place = f"/final-trainings/{training.pk}/"
    client.post(f"{place}cancel/")
    training.refresh_from_db()
    assert training.state == "cancelled"
    assert client.post(f"{place}cancel/", follow=True).status_code == 200
    client.post(f"{place}delete/")
    assert not Training.objects.exclude(purpose="start").exists()


def test_a_config_that_is_launched_again_is_the_same(trial: Trial) -> None:
    document = tiny(trial)
    config = documents.checked(document, trial.search, trial)
    assert documents.checked(config.to_json(), trial.search, trial) == config
