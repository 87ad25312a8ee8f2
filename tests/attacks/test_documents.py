"""What clients and files say is judged before it is believed, alike on both databases."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from search_engine.checkpoint import save_checkpoint
from search_engine.networks import build_network
from search_engine.spec import Architecture, ChainNetConfig, ImageShape
from search_engine.spec.description import TrainedOn
from search_engine.spec.documents import strange_values
from tests.databases import database, postgresql
from tests.webapp.adopted.driving import prepare
from tests.webapp.conftest import PASSWORD
from webapp.accounts import services as accounts
from webapp.accounts.models import User
from webapp.adopted.models import AdoptedNetwork
from webapp.checkpoints import files
from webapp.errors import ProductError
from webapp.state import State
from webapp.work.causes import without_folders

__all__ = ["database", "postgresql"]  # all of this on both

SHAPE = {"message", "code", "fields"}
HUGE = 10**22


def refused(answer: Any, *fields: str, status: int = 400) -> dict[str, str]:
    """In the one shape, naming these fields; what is said of them."""
    assert answer.status_code == status, answer.content
    body = answer.json()
    assert set(body) == SHAPE and body["message"]
    assert set(fields) <= set(body["fields"]), body
    told = json.dumps(body)
    assert "Traceback" not in told and "SELECT" not in told and "LINE 1" not in told
    return dict(body["fields"])


def deep(levels: int) -> str:
    return '{"a":' * levels + "1" + "}" * levels


def test_the_place_of_each_strange_value_is_named() -> None:
    document = {"a": {"b": ["\ud800", 2**63]}, "c": float("nan"), "d": "x\0", "\ud801": 1, "e": 1}
    assert dict(strange_values(document)).keys() == {"a.b[0]", "a.b[1]", "c", "d", "\\ud801"}
    assert [*strange_values(json.loads(deep(150)))] == [("a", "nested more than 100 deep")]


TAKES_JSON = {
    "searches/": "post",
    "searches/check/": "post",
    "searches/{search_id}/": "patch",
    "searches/{search_id}/shares/": "post",
    "searches/{search_id}/extend/": "post",
    "final-trainings/": "post",
    "start-networks/": "post",
    "checkpoints/{checkpoint_id}/exports/": "post",
    "tokens/": "post",
}
STRANGE = {
    deep(5000): None,
    deep(500): "a",
    '{"name": "\\ud800"}': "name",
    '{"name": "\\u0000"}': "name",
    '{"config": {"data": {"name": "\\ud800"}}}': "config.data.name",
    '{"\\ud800": 1}': "\\ud800",
    f'{{"kind": {HUGE}}}': "kind",
    '{"kind": 1e999}': "kind",
    '{"kind": NaN}': "kind",
    f'{{"kind": {"9" * 5000}}}': None,
    "\udcff": None,
}
"""Bodies, as bytes with surrogate escapes, with the field that is named where one can be."""
QUERIES = {
    "searches/?tag=%00": "tag",
    "searches/?state=%00": "state",
    "datasets/?name=a%00b": "name",
    f"checkpoints/?search={HUGE}": "search",
    f"final-trainings/?search={HUGE}": "search",
    "checkpoints/?min_accuracy=nan": "min_accuracy",
    "checkpoints/?max_memory=1e999": "max_memory",
    f"searches/{{search_id}}/events/?after={HUGE}": "after",
    f"searches/{{search_id}}/trials/?parent={HUGE}": "parent",
    f"searches/?ids={HUGE}": "ids",
}


def test_bodies_and_queries_are_judged_everywhere(
    alice_client: Client, arguments: dict[str, Any]
) -> None:
    for address, method in TAKES_JSON.items():
        send, place = getattr(alice_client, method), f"/api/v1/{address}".format(**arguments)
        for text, field in STRANGE.items():
            body = text.encode("utf-8", "surrogateescape")
            answer = send(place, body, content_type="application/json")
            refused(answer, *([field] if field else []))
    for address, field in QUERIES.items():
        refused(alice_client.get("/api/v1/" + address.format(**arguments)), field)
    numbers_that_no_row_has(alice_client, arguments)


def numbers_that_no_row_has(alice_client: Client, arguments: dict[str, Any]) -> None:
    search = arguments["search_id"]
    for address in (
        f"searches/{HUGE}/",
        f"searches/{HUGE}/events/",
        f"searches/{search}/trials/{HUGE}/",
        f"searches/{search}/trials/{2**40}/",
        f"checkpoints/{HUGE}/exports/",
        f"datasets/{HUGE}/events/",
        f"tokens/{HUGE}/",
    ):
        refused(alice_client.get(f"/api/v1/{address}"), status=404)
    for page in (f"/searches/{HUGE}/", f"/datasets/{HUGE}/", f"/start-networks/{HUGE}/"):
        assert alice_client.get(page).status_code == 404


def test_a_number_that_no_user_has_is_not_found(admin_client: Client) -> None:
    refused(admin_client.get(f"/api/v1/users/{HUGE}/"), status=404)


def test_a_page_with_nul_in_its_query_is_no_fault_of_ours(alice_client: Client) -> None:
    assert alice_client.get("/checkpoints/?name=%00").status_code == 400
    assert alice_client.get("/nowhere%00/").status_code == 404


def test_a_cookie_with_nul_is_nobodys(anonymous_client: Client, alice: User) -> None:
    anonymous_client.cookies["sessionid"] = "\0" * 32
    assert anonymous_client.get("/account/").status_code == 302


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("/srv/var/files/1/w.bin: damaged", "w.bin: damaged"),
        ("no such file: '/srv/var/x.zip', again", "no such file: 'x.zip', again"),
        ("open “/srv/var/files/a b” (/tmp/x/y)", "open “a b” (y)"),
        ("1/2 of a/b/c, and /searches", "1/2 of a/b/c, and /searches"),
    ],
)
def test_failures_call_files_by_their_names(said: str, told: str) -> None:
    assert without_folders(said) == told


# --- names that are taken, or no names at all -----------------------------------------------------


@pytest.mark.parametrize("name", ["alice", "ALICE", "ａlice", "Alıce".replace("ı", "i")])
def test_a_name_that_folds_to_one_that_is_taken_is_refused(
    name: str, admin_client: Client, alice: User
) -> None:
    new = {"username": name, "password": PASSWORD}
    refused(admin_client.post("/api/v1/users/", new, "application/json"), "username")
    form = {"username": name, "password1": PASSWORD, "password2": PASSWORD}
    assert admin_client.post(reverse("users"), form).context["form"].errors


def test_an_address_that_is_taken_is_refused(admin_client: Client, alice: User, bob: User) -> None:
    new = {"username": "dora", "password": PASSWORD, "email": "Alice@Example.org"}
    refused(admin_client.post("/api/v1/users/", new, "application/json"), "email")
    change = {"email": "ALICE@example.org"}
    answer = admin_client.patch(f"/api/v1/users/{bob.pk}/", change, "application/json")
    refused(answer, "email")
    bob.refresh_from_db()
    assert bob.email == "bob@example.org"


def test_of_two_who_ask_at_once_for_a_name_one_is_refused(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The other has looked, and found nobody.
    monkeypatch.setattr(accounts, "_others", lambda *_: set())
    for name, email, field in (("Alice", "", "username"), ("dora", "ALICE@example.org", "email")):
        with pytest.raises(ProductError) as error:
            accounts.create_user(username=name, email=email, password=PASSWORD, is_admin=False)
        assert set(error.value.fields) == {field}


@pytest.mark.parametrize("name", ["x" * 300, "x" * 151, "a\0b"])
def test_a_sign_in_name_that_nobody_can_have_is_refused(
    name: str, anonymous_client: Client, alice: User
) -> None:
    form = {"username": name, "password": "wrong"}
    answer = anonymous_client.post(reverse("sign_in"), form)
    assert answer.status_code == 200 and answer.context["form"].errors["username"]


# --- checkpoints ----------------------------------------------------------------------------------


def uploaded(client: Client, folder: Path, **changes: Any) -> AdoptedNetwork:
    """A checkpoint whose description says something else in places; what became of it."""
    description = json.loads((folder / files.DESCRIPTION).read_text())
    for place, value in changes.items():
        part, _, name = place.partition("__")
        description[part][name] = value
    body = {
        "source": "checkpoint",
        "checkpoint": SimpleUploadedFile("mine.json", json.dumps(description).encode()),
        "weights": SimpleUploadedFile("mine.safetensors", (folder / files.WEIGHTS).read_bytes()),
    }
    assert client.post("/start-networks/", body).status_code == 302
    network = AdoptedNetwork.objects.latest("pk")
    prepare(network.pk)
    network.refresh_from_db()
    return network


@pytest.fixture
def own(tmp_path: Path) -> Path:
    network = build_network(Architecture.start(ChainNetConfig(image=ImageShape(1, 8, 8))), seed=3)
    classes = network.architecture.skeleton.classes
    names = tuple(f"class {number}" for number in range(classes))
    on = TrainedOn("Digits", names, (0.5,), (0.25,))
    save_checkpoint(network, tmp_path / "own", trained_on=on, metrics={"accuracy": 0.5})
    return tmp_path / "own"


@pytest.mark.usefixtures("in_this_process")
def test_a_checkpoint_is_believed_no_further_than_it_can_be_true(
    alice_client: Client, own: Path
) -> None:
    assert uploaded(alice_client, own).state == State.COMPLETED
    for place, value in (
        ("trained_on__name", "\ud800"),
        ("trained_on__name", "x\0y"),
        ("trained_on__name", "x" * 300),
        ("trained_on__class_names", ["same"] * 10),
        ("trained_on__class_names", ["one", "two"]),
        ("trained_on__std", [0.0]),
        ("trained_on__std", [float("inf")]),
        ("trained_on__mean", [0.1, 0.2]),
        ("metrics__accuracy", 2),
        ("metrics__accuracy", -5),
        ("metrics__accuracy", 1e308),
        ("metrics__accuracy", float("nan")),
        ("metrics__rounds", float("inf")),
    ):
        network = uploaded(alice_client, own, **{place: value})
        assert network.state == State.FAILED, (place, value)
        assert f"checkpoint.{place.replace('__', '.')}" in network.failure
        assert "Espalier" not in network.failure and str(own.parent) not in network.failure
    assert alice_client.get("/api/v1/checkpoints/").json()["count"] == 1
    assert alice_client.get("/checkpoints/").status_code == 200


@pytest.mark.usefixtures("in_this_process")
def test_weights_that_are_no_numbers_are_refused(alice_client: Client, own: Path) -> None:
    network = build_network(Architecture.start(ChainNetConfig(image=ImageShape(1, 8, 8))), seed=3)
    next(network.parameters()).data.fill_(float("nan"))
    save_checkpoint(network, own, metrics={"accuracy": 0.5})
    found = uploaded(alice_client, own)
    assert found.state == State.FAILED and "not finite" in found.failure
