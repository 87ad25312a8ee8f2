"""A body is judged before a byte of it is kept: by whom, how much, how fast, and whose disk."""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.attacks.asking import ask
from tests.webapp.datasets import packing
from tests.webapp.datasets.conftest import MakeUpload, prepare, streamed
from webapp import bodies
from webapp.accounts import quota
from webapp.accounts.models import User
from webapp.checkpoints.models import Checkpoint
from webapp.datasets import services as datasets
from webapp.datasets.models import Dataset
from webapp.errors import ProductError
from webapp.searches.models import Search
from webapp.state import State

pytestmark = pytest.mark.thorough

MIB = 1 << 20
API = "/api/v1/datasets/"
JSON = {"Content-Type": "application/json"}
SHAPE = {"message", "code", "fields"}


@pytest.fixture(autouse=True)
def limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ESPALIER_UPLOAD_LIMIT_BYTES", str(4 * MIB))


@pytest.mark.parametrize("path", [*bodies.UPLOADS, "/sign-in/", "/api/v1/searches/"])
@pytest.mark.parametrize("declared", [3 * MIB, 200 * MIB, None])
def test_who_has_not_signed_in_sends_nothing_large(db: None, path: str, declared: int) -> None:
    answer = ask(path, [bytes(MIB)] * 3, declared=declared)
    assert answer.taken == 0
    if path.startswith("/api/"):
        assert (answer.status, answer.json()["code"]) == (401, "not_signed_in")
        assert answer.headers["Www-Authenticate"] == "Bearer"
    else:
        assert (answer.status, answer.headers["Location"]) == (302, f"/sign-in/?next={path}")
    assert answer.headers["Connection"] == "close"


def test_a_wrong_token_and_a_made_up_session_are_nobodys(db: None) -> None:
    for headers in ({"Authorization": "Bearer esp_made-up"}, {"Cookie": "sessionid=" + "a" * 32}):
        answer = ask(API, [bytes(MIB)], declared=3 * MIB, headers=headers)
        assert (answer.status, answer.taken) == (401, 0)


def test_a_script_of_a_page_is_told_in_its_own_words(db: None) -> None:
    headers = {"Accept": "application/json"}
    answer = ask("/datasets/upload/", [b"x"], declared=3 * MIB, headers=headers)
    assert answer.status == 401 and set(answer.json()) == SHAPE


def test_forms_of_before_a_sign_in_pass(alice: User) -> None:
    form = b"username=alice&password=wrong"
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    assert ask("/sign-in/", [form], declared=len(form), headers=kind).taken == len(form)


def test_a_session_is_as_good_as_a_token(
    alice_client: Client, bearer: dict[str, str], db: None
) -> None:
    cookie = {"Cookie": f"sessionid={alice_client.cookies['sessionid'].value}"}
    for headers in (cookie, bearer):
        answer = ask(API, [bytes(MIB)] * 3, declared=3 * MIB, headers=headers)
        assert answer.taken == 3 * MIB  # what it is worth is the form's to say


@pytest.mark.parametrize("declared", [64 * MIB, None])
def test_more_than_the_limit_is_413(bearer: dict[str, str], declared: int | None) -> None:
    upload = ask(API, [bytes(MIB)] * 8, declared=declared, headers=bearer)
    other = ask("/api/v1/searches/", [bytes(MIB)] * 20, declared=declared, headers=bearer | JSON)
    for answer, taken in ((upload, 5 * MIB), (other, 17 * MIB)):
        assert answer.status == 413 and set(answer.json()) == SHAPE
        assert answer.taken <= (0 if declared else taken)
    assert "zip" not in other.json()["message"]


@pytest.mark.parametrize(("declared", "status"), [(20 * MIB, 415), (70 * MIB, 413), (None, 413)])
def test_a_picture_may_be_larger_than_other_requests_but_not_without_end(
    brought: Checkpoint, bearer: dict[str, str], declared: int | None, status: int
) -> None:
    path = f"/api/v1/checkpoints/{brought.pk}/picture/"
    kind = {"Content-Type": "application/octet-stream"}
    parts = [bytes(MIB)] * (70 if declared is None else 20)
    answer = ask(path, parts, declared=declared, headers=bearer | kind)
    assert (answer.status, set(answer.json())) == (status, SHAPE)
    assert ask(path, [bytes(MIB)], declared=declared).status == 401


def test_a_body_that_trickles_in_is_given_up(
    bearer: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "GRACE_SECONDS", 0.02)
    for declared, headers in ((10, {}), (3 * MIB, bearer), (None, bearer)):
        answer = ask(API, [b"x"], declared=declared, headers=headers, stalls=True)
        assert (answer.status, answer.json()["code"]) == (408, "too_slow")


def test_a_body_has_an_end_however_fast_it_is(bearer: dict[str, str], settings: Any) -> None:
    settings.UPLOAD_SECONDS = 0
    assert ask(API, [bytes(MIB)] * 2, declared=3 * MIB, headers=bearer).status == 408


# --- quotas ---------------------------------------------------------------------------------------


def test_an_upload_beyond_the_quota_is_refused_unread(
    bearer: dict[str, str], settings: Any, alice: User
) -> None:
    settings.QUOTA_BYTES = 2 * MIB
    answer = ask(API, [bytes(MIB)] * 3, declared=3 * MIB, headers=bearer)
    assert (answer.status, answer.json()["code"], answer.taken) == (409, "over_quota", 0)
    in_chunks = ask(API, [bytes(MIB)] * 3, headers=bearer)
    assert (in_chunks.status, in_chunks.json()["code"]) == (409, "over_quota")
    with quota.incoming(alice.pk, MIB):  # another upload is on its way
        answer = ask(API, [bytes(MIB)] * 2, declared=int(1.5 * MIB), headers=bearer)
    assert answer.status == 409


def test_the_refusal_says_what_to_delete_and_deleting_helps(
    search: Search, leaves: Dataset, alice: User, settings: Any
) -> None:
    Checkpoint.objects.create(
        owner=alice, origin="upload", folder="x", sha256="", bytes=5 * MIB, parameters=1,
        multiply_adds=1,
    )  # fmt: skip
    settings.QUOTA_BYTES = 4 * MIB
    with pytest.raises(ProductError, match=r"checkpoints 5\.0 MB, data sets") as refused:
        datasets.upload(alice, streamed(b"PK"))
    assert refused.value.code == "over_quota"
    Checkpoint.objects.all().delete()
    assert datasets.upload(alice, streamed(b"PK")).size_bytes == 2


def test_nothing_that_fills_the_disk_begins_over_the_quota(
    alice_client: Client, arguments: dict[str, Any], settings: Any
) -> None:
    settings.QUOTA_BYTES = 1
    search, checkpoint = arguments["search_id"], arguments["checkpoint_id"]
    asked = {
        "/api/v1/searches/": {"name": "More", "config": {"data": {"validation": 100}}},
        f"/api/v1/searches/{search}/extend/": {"max_trials": 500},
        f"/api/v1/checkpoints/{checkpoint}/exports/": {"kind": "pytorch"},
        "/api/v1/start-networks/": {
            "source": "torchvision", "model": "resnet18", "dataset": "digits",
        },
        "/api/v1/final-trainings/": {"search": search, "trial": 1},
    }  # fmt: skip
    for address, body in asked.items():
        answer = alice_client.post(address, json.dumps(body), "application/json")
        assert (answer.status_code, answer.json()["code"]) == (409, "over_quota"), address


def test_images_that_unpack_beyond_the_quota_are_not_kept(
    make_upload: MakeUpload, settings: Any, in_this_process: None
) -> None:
    images = {f"{name}/{n}.png": packing.plain((64, 64)) for name in "ab" for n in range(10)}
    dataset = make_upload(packing.packed(images))
    settings.QUOTA_BYTES = dataset.size_bytes + 1
    failed = prepare(dataset)
    assert failed.state == State.FAILED and "data sets" in failed.failure
    assert failed.prepared_at is None


def test_the_account_page_shows_what_takes_how_much(alice_client: Client, leaves: Dataset) -> None:
    page = alice_client.get(reverse("account")).content.decode()
    assert "Data sets" in page and "100.0\N{NO-BREAK SPACE}GB" in page
