"""What the launch form proposes for a data set, and the estimate that it shows."""

from html import escape

import pytest
from django.db.models import F
from django.test import Client

from search_engine.spec.duration import CPU_CORE
from search_engine.spec.search_config import SearchConfig
from tests.webapp.searches.driving import work
from webapp.accounts.models import User
from webapp.checkpoints.models import Checkpoint
from webapp.datasets.models import Dataset
from webapp.searches import estimates
from webapp.searches.models import Search
from webapp.workers.models import Worker

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("digits")]


@pytest.fixture
def photographs(alice: User) -> Dataset:
    return Dataset.objects.create(
        engine_name="upload-7",
        name="Leaves",
        owner=alice,
        image_channels=3,
        image_height=96,
        image_width=96,
        image_count=1040,
        classes=2,
        class_names=["ash", "oak"],
        on_disk=True,
        state="completed",
    )


def test_photographs_are_offered_a_pretrained_network_and_not_the_digits_demo(
    client: Client, photographs: Dataset
) -> None:
    page = client.get("/searches/new/?dataset=upload-7")
    proposal, text = page.context["proposal"], page.content.decode()
    assert "For 1,040 photographs" in proposal.why and proposal.why in text
    link = "/start-networks/?model=resnet18&pretrained=DEFAULT&dataset=upload-7"
    assert proposal.pretrained == link and escape(link) in text
    assert "weights, and train resnet18 of 11,177,538 parameters" in " ".join(text.split())
    config = page.context["form"]._base
    assert (config["data"]["name"], config["skeleton"]["image"]) == ("upload-7", [3, 96, 96])
    offered = client.get(link).context["form"]
    filled = [offered[name].value() for name in ("model", "pretrained", "dataset")]
    assert filled == ["resnet18", "DEFAULT", "upload-7"]


def test_more_time_at_hand_is_used_and_launched(client: Client) -> None:
    trials = []
    for minutes in (5, 720):
        link = f"/searches/new/?dataset=digits&minutes={minutes}"
        form = client.get(link).context["form"]
        values = {name: form[name].value() for name in form.fields}
        sent = {name: value for name, value in values.items() if value is not None}
        address = f"/searches/check/?dataset=digits&minutes={minutes}"
        checked = client.post(address, sent).json()
        assert (checked["errors"], checked["changed"]) == ({}, [])
        assert 0 < checked["seconds"] <= 60 * minutes and not checked["speed_known"]
        assert client.post(link, sent).status_code == 302
        trials.append(Search.objects.latest("pk").max_trials)
    assert trials[0] < trials[1]
    assert Search.objects.latest("pk").preset == ""


@pytest.mark.parametrize("minutes", ["", "0", "-3", "soon", "99999999"])
def test_a_time_that_makes_no_sense_is_the_usual(client: Client, minutes: str) -> None:
    page = client.get(f"/searches/new/?dataset=digits&minutes={minutes}")
    assert page.context["proposal"].minutes == 20


def test_a_preset_that_is_named_is_not_replaced_by_a_plan(client: Client) -> None:
    page = client.get("/searches/new/?dataset=digits&preset=fashion-small")
    assert page.context["proposal"] is None and page.context["preset"] == "fashion-small"


def test_a_network_that_was_brought_in_for_photographs_is_the_start(
    client: Client, alice: User, photographs: Dataset
) -> None:
    skeleton = client.get("/searches/new/?dataset=upload-7").context["form"]._base["skeleton"]
    start = SearchConfig.from_json(
        client.get("/searches/new/?dataset=upload-7").context["form"]._base
    ).start_architecture(2)
    brought = Checkpoint.objects.create(
        owner=alice,
        origin="upload",
        dataset=photographs,
        name="Brought",
        folder="checkpoints/brought",
        parameters=1,
        multiply_adds=1,
        bytes=1,
        can_start=True,
        description={"architecture": start.to_json()},
    )
    page = client.get("/searches/new/?dataset=upload-7")
    assert page.context["proposal"].pretrained == ""
    assert page.context["form"]["start_checkpoint"].value() == brought.pk
    assert page.context["form"]._base["skeleton"]["family"] == skeleton["family"]


def test_the_api_plans_as_the_page_does(client: Client, photographs: Dataset) -> None:
    found = client.get("/api/v1/searches/plan/?dataset=upload-7&minutes=60").json()
    assert (found["pretrained"], found["weights"]) == ("resnet18", "DEFAULT")
    assert 0 < found["seconds"] <= 3600 and found["pretrained_seconds"] > 0
    config = SearchConfig.from_json(found["config"])
    launched = client.post(
        "/api/v1/searches/", {"name": "Leaves", "config": config.to_json()}, "application/json"
    )
    assert launched.status_code == 201
    refused = client.get("/api/v1/searches/plan/?dataset=nobodys")
    assert (refused.status_code, [*refused.json()["fields"]]) == (422, ["data.name"])


def test_workers_that_are_there_share_the_trials(client: Client) -> None:
    address = "/api/v1/searches/plan/?dataset=digits&minutes=720"
    alone = client.get(address).json()
    for number in (1, 2, 3):
        Worker.objects.create(name=f"gpu{number}@lab", host="lab", queues=["gpu"], device="CPU")
    several = client.get(address).json()
    assert (alone["config"]["parallel"], several["config"]["parallel"]) == (1, 3)
    assert several["seconds"] < alone["seconds"] and "on 3 workers" in several["why"]


def test_the_latest_trials_say_how_fast_this_machine_is(search: Search) -> None:
    assert estimates.speed_here() == (CPU_CORE, False)
    work(search)
    once, is_known = estimates.speed_here()
    assert is_known and once.layer > 0
    # Twice as slow a machine takes twice as long for the same trials.
    search.trials.update(seconds=2 * F("seconds"))
    twice, _ = estimates.speed_here()
    assert twice.layer == pytest.approx(2 * once.layer)
