"""The launch form: how it is filled, what it says of faults, and what is made of it."""

import random
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from django.test import Client

from search_engine.spec import FAMILIES, Architecture, cell_to_json, sample
from search_engine.spec.fields import settings_of_type
from search_engine.spec.presets import PRESETS, digits_demo, preset
from search_engine.spec.search_config import SearchConfig
from search_engine.spec.strategy_settings import ABOUT, KINDS, GrowSettings
from tests.webapp.searches.conftest import small_config
from webapp.accounts.models import User
from webapp.checkpoints.models import Checkpoint, Origin
from webapp.datasets.models import Dataset
from webapp.searches.documents import new_document, start_document
from webapp.searches.forms import LaunchForm
from webapp.searches.models import Search, Trial

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("digits", "clothing")]


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


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"skeleton.blocks": "1.5"}, "skeleton.blocks", "with commas between"),
        ({"skeleton.blocks": "2, 3"}, "skeleton.blocks", "one number"),
        ({"skeleton.growth": -1}, "skeleton.growth", "1 to 1024"),
        ({"skeleton.family": "condensenet"}, "skeleton.blocks", "as many growths"),
        ({"search_space.max_depth": 9}, "search_space.max_depth", "1 to 6"),
        ({"start_recipe.epochs": 0}, "start_recipe.epochs", "1 to 100,000"),
        (
            {"strategy_settings.learning_rate": "x"},
            "strategy_settings.learning_rate",
            "number",
        ),
        (
            {"strategy": "grow", "strategy_settings.noise": -1},
            "strategy_settings.noise",
            "0 or more",
        ),
        ({"confirmation.finalists": 500}, "confirmation.finalists", "0 to 100"),
        ({"control": -1}, "control", "0 to 100"),
        ({"budget.max_compute": 0}, "budget.max_compute", "above 0"),
        ({"objective.memory.target": -3}, "objective.memory.target", "above 0"),
        ({"objective.memory.limit": 0}, "objective.memory.limit", "above 0"),
        ({"morph.kind": "exact"}, "morph.kind", "annealed or distilled"),
    ],
)
def test_every_refusal_stands_beside_a_field_that_the_form_has(
    client: Client, alice: User, changes: dict[str, Any], field: str, said: str
) -> None:
    wrong = filled(alice, preset("digits-demo"), **changes)
    errors = client.post("/searches/check/", wrong).json()["errors"]
    assert list(errors) == [field]
    assert said in errors[field]


def test_every_setting_can_be_set_on_the_form(alice: User, digits: Dataset) -> None:
    given = {"version", "image", "classes", "start_edge", "groups", "widths", "extra_layers"}
    given |= {"start_cell", "strategy_settings"}
    for kind in FAMILIES.values():
        config = preset("digits-demo").to_json() | {"skeleton": kind().to_json()}
        form = LaunchForm(user=alice, base=config)
        settings = {place for place in leaves(config) if place.split(".")[-1] not in given}
        # A start network has no parent: no gates to open, no new parts, no teacher.
        of_children = {"annealing", "new_rate", "teacher_weight"}
        assert settings - set(form.fields) == {f"start_recipe.{name}" for name in of_children}
        own = {s.place for strategy in KINDS.values() for s in settings_of_type(strategy)}
        assert {f"strategy_settings.{name}" for name in own} <= set(form.fields)


def leaves(document: dict[str, Any], at: str = "") -> Iterator[str]:
    for name, value in document.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, f"{at}{name}.")
        elif name != "objective":
            yield f"{at}{name}"


def test_a_condensenet_is_set_up_on_the_form(alice: User, digits: Dataset) -> None:
    config = preset("digits-demo")
    sizes = {"blocks": "2, 3", "growths": "8, 8", "searched": "0, 2", "learned_groups": 2}
    changes = {f"skeleton.{name}": value for name, value in sizes.items()}
    changes |= {"skeleton.family": "condensenet"}
    form = LaunchForm(filled(alice, config, **changes), user=alice, base=config.to_json())
    assert form.errors == {}
    skeleton = form.cleaned_data["config"].skeleton
    assert (skeleton.blocks, skeleton.searched, skeleton.learned_groups) == ((2, 3), (0, 2), 2)


def test_the_weight_of_a_target_is_kept(alice: User, digits: Dataset) -> None:
    terms = [{"cost": "memory", "rule": "target", "value": 9e6, "weight": 0.07}]
    config = SearchConfig.from_json(small_config().to_json() | {"objective": terms})
    form = LaunchForm(filled(alice, config), user=alice, base=config.to_json())
    assert form.errors == {}
    assert form.cleaned_data["config"] == config


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
    begun = SearchConfig.from_json(new_document("digits-demo"))
    sent = filled(alice, begun, **{"budget.max_trials": 5, "preset": "digits-demo"})
    found = client.post("/searches/check/", sent).json()
    assert found["errors"] == {}
    assert found["changed"] == ["budget.max_trials"]
    # Of the start network at most, of the children, of a chain of controls, and of three children
    # and the chain's end that are confirmed.
    assert found["epochs"] == 5 * 6 + (5 + 2 + 4 * 2) * 4
    assert found["parameters"] > 1000


def test_a_preset_whose_data_set_is_not_here_says_so(client: Client, alice: User) -> None:
    Dataset.objects.update_or_create(engine_name="cifar10", defaults={"name": "CIFAR-10"})
    form = client.get("/searches/new/?preset=paper-cifar10").context["form"]
    assert form.fields["data.name"].choices[0] == (
        "",
        "CIFAR-10 is not on this server: choose another",
    )
    sent = filled(alice, preset("paper-cifar10"), **{"data.name": ""})
    errors = client.post("/searches/check/?preset=paper-cifar10", sent).json()["errors"]
    assert "Download it under Data sets" in errors["data.name"]


def test_the_check_counts_before_there_is_a_name(client: Client, alice: User) -> None:
    found = client.post("/searches/check/", filled(alice, small_config(), name="")).json()
    assert list(found["errors"]) == ["name"]
    assert found["parameters"] > 1000


def test_the_check_guesses_time_and_memory(client: Client, alice: User, search: Search) -> None:
    every_image = small_config(data=digits_demo().data)
    found = client.post("/searches/check/", filled(alice, every_image)).json()
    assert found["seconds"] > 0 and not found["speed_known"]
    # Weights, gradients and momentum are the least of it: a batch of maps, and the images.
    assert found["memory"] > 12 * found["parameters"] + search.dataset.size_bytes


def test_a_clone_is_filled_from_its_parent(client: Client, alice: User) -> None:
    client.post("/searches/new/", filled(alice, small_config(), seed=4))
    parent = Search.objects.get()
    page = client.get(f"/searches/new/?from={parent.pk}")
    assert page.context["form"]["seed"].value() == 4
    sent = filled(alice, small_config(), seed=5)
    client.post(f"/searches/new/?from={parent.pk}", sent)
    assert Search.objects.get(parent=parent).config["seed"] == 5


def test_a_link_from_a_data_set_fills_the_form_with_it(client: Client, alice: User) -> None:
    Dataset.objects.create(
        engine_name="upload-7",
        name="My birds",
        owner=alice,
        image_channels=3,
        image_height=32,
        image_width=32,
        image_count=200,
        class_names=["owl", "wren"],
        on_disk=True,
        state="completed",
    )
    form = client.get("/searches/new/?dataset=upload-7").context["form"]
    assert form["data.name"].value() == "upload-7"
    assert (form["data.validation"].value(), form["data.calibration"].value()) == (25, 8)
    assert "My birds" in form["name"].value()


def test_a_data_set_of_somebody_else_is_as_if_it_were_not_named(client: Client, bob: User) -> None:
    Dataset.objects.create(
        engine_name="upload-8", name="Bob's", owner=bob, image_count=9, state="completed"
    )
    page = client.get("/searches/new/?dataset=upload-8")
    assert "Bob" not in page.content.decode()
    assert page.context["form"]["data.name"].value() == "clothing"


def test_a_new_search_grows_unless_it_is_the_papers(client: Client) -> None:
    for preset_name, strategy in (("digits-demo", "grow"), ("paper-cifar10", "reinforce")):
        page = client.get(f"/searches/new/?preset={preset_name}")
        assert page.context["form"]["strategy"].value() == strategy
        for text in ABOUT.values():
            assert text in unescape(page.content.decode())


def test_only_settings_of_the_chosen_strategy_that_are_changed_are_kept(
    client: Client, alice: User
) -> None:
    changes = {"strategy_settings.noise": 1.5, "strategy_settings.tournament": 3}
    sent = filled(alice, small_config(), strategy="grow", preset="digits-demo", **changes)
    del sent["inherit"]  # grow does not ask for it
    client.post("/searches/new/", sent)
    config = Search.objects.get().config
    assert config["strategy_settings"] == {"noise": 1.5}
    assert config["inherit"] is True
    again = LaunchForm(user=alice, base=config)
    assert again["strategy_settings.noise"].value() == 1.5
    assert again["strategy_settings.patience"].value() == GrowSettings().patience


def test_what_is_for_other_variants_is_hidden_and_not_sent(client: Client, alice: User) -> None:
    begun = SearchConfig.from_json(new_document("digits-demo"))
    form = LaunchForm(user=alice, base=begun.to_json())
    chosen = {"skeleton.family": "densenet", "strategy": "grow"}
    sent = filled(alice, begun, preset="digits-demo")
    for name, field in form.fields.items():
        attrs = field.widget.attrs
        chooser = attrs.get("data-chosen-by")
        if chooser and chosen[chooser] not in attrs["data-variants"].split():
            sent.pop(name, None)
    assert not {"inherit", "recipe.lasso_weight", "strategy_settings.hidden"} & sent.keys()
    found = client.post("/searches/check/", sent).json()
    assert (found["errors"], found["changed"]) == ({}, [])


def test_a_search_of_before_is_cloned_without_control_and_confirmation(
    client: Client, search: Search
) -> None:
    for name in ("control", "confirmation", "start_rounds"):
        del search.config[name]
    search.save()
    form = client.get(f"/searches/new/?from={search.pk}").context["form"]
    assert form["control"].value() == form["confirmation.finalists"].value() == 0


def test_growing_further_leads_to_a_form_that_is_fixed_to_it(
    client: Client, search: Search, alice: User
) -> None:
    address = f"/searches/{search.pk}/grow/"
    assert client.get(address).headers["Location"] == f"/searches/{search.pk}/"
    grown = sample(digits_demo().space, random.Random(3)).cell
    architecture = Architecture(digits_demo().skeleton, grown).to_json()
    made = [
        Checkpoint.objects.create(
            owner=alice,
            origin=Origin.TRIAL,
            search=search,
            trial=Trial.objects.create(
                search=search, number=number, reward=number, seed=0, proposal={}, cell={}
            ),
            folder=f"checkpoints/{number}",
            accuracy=0.93,
            parameters=12_345,
            multiply_adds=1,
            bytes=1,
            can_start=True,
            description={"architecture": architecture},
        )
        for number in (1, 2)
    ]
    assert client.get(address).headers["Location"] == f"/searches/new/?checkpoint={made[1].pk}"
    page = client.get(address, follow=True)
    form: LaunchForm = page.context["form"]
    assert form["start_checkpoint"].value() == made[1].pk
    offered = {name: list(form[name].field.choices) for name in ("strategy", "start_checkpoint")}  # type: ignore[attr-defined]
    assert offered["strategy"] == [("grow", "grow")]
    assert [str(value) for value, _ in offered["start_checkpoint"]] == [str(made[1].pk)]
    text = page.content.decode()
    assert "Grow further" in text
    assert "12.3" in text
    sent = {name: form[name].value() for name in form.fields if form[name].value() is not None}
    checked = client.post(f"/searches/check/?checkpoint={made[1].pk}", sent).json()
    assert (checked["errors"], checked["changed"]) == ({}, [])
    base = start_document(made[1])
    assert (base["strategy"], base["inherit"]) == ("grow", True)
    assert base["start_cell"] == cell_to_json(grown)
    assert SearchConfig.from_json(base).start_cell == grown
