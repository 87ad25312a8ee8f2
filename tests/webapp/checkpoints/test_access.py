"""Who may see and do what: Alice owns, Bob was given a look, Charlie is a stranger, or nobody."""

from typing import Any

import pytest
from django.test import Client

from tests.webapp.conftest import browser
from webapp.accounts.models import User
from webapp.checkpoints.models import Checkpoint, Export
from webapp.searches import services
from webapp.state import State

pytestmark = pytest.mark.django_db

API = "/api/v1/checkpoints/{id}/"
LOOK = (API, f"{API}download/", f"{API}exports/", f"{API}exports/onnx/")
CHANGE = (
    ("post", f"{API}exports/", {"kind": "pytorch"}),
    ("post", f"{API}exports/onnx/cancel/", None),
    ("delete", f"{API}exports/onnx/", None),
    ("delete", API, None),
)


@pytest.fixture
def exported(grown: Checkpoint) -> Checkpoint:
    """With an export that waits."""
    Export.objects.create(checkpoint=grown, kind="onnx")
    return grown


def codes(addresses: tuple[str, ...], client: Client, checkpoint: Checkpoint) -> set[int]:
    return {client.get(address.format(id=checkpoint.pk)).status_code for address in addresses}


def test_owner_and_guest_see_everything_stranger_and_nobody_nothing(
    exported: Checkpoint, alice: User, bob: User, charlie: User
) -> None:
    found = [codes(LOOK, browser(user), exported) for user in (alice, bob, charlie, None)]
    assert found == [{200}, {200}, {404}, {401}]


def test_the_page_is_for_owner_and_guest_only(
    exported: Checkpoint, alice: User, bob: User, charlie: User
) -> None:
    page = ("/checkpoints/{id}/",)
    found = [codes(page, browser(user), exported) for user in (alice, bob, charlie, None)]
    assert found == [{200}, {200}, {404}, {302}]


@pytest.mark.parametrize("address", ["/checkpoints/", "/api/v1/checkpoints/"])
def test_lists_hold_what_is_ones_own_or_shared(
    address: str, exported: Checkpoint, alice: User, bob: User, charlie: User
) -> None:
    shown = [
        exported.sha256 in answer or f"/checkpoints/{exported.pk}/" in answer
        for answer in (browser(u).get(address).content.decode() for u in (alice, bob, charlie))
    ]
    assert shown == [True, True, False]


@pytest.mark.parametrize(("method", "address", "body"), CHANGE)
def test_only_the_owner_may_change(
    method: str, address: str, body: Any, exported: Checkpoint, bob: User, charlie: User
) -> None:
    for user, code in ((bob, 403), (charlie, 404), (None, 401)):
        answer = getattr(browser(user), method)(
            address.format(id=exported.pk), body, content_type="application/json"
        )
        assert (answer.status_code, set(answer.json())) == (code, {"message", "code", "fields"})
    assert Export.objects.get().state == State.QUEUED


def test_a_finished_export_is_downloaded_by_owner_and_guest_only(
    exported: Checkpoint, alice: User, bob: User, charlie: User
) -> None:
    # Not completed: who may download it is told so, who may not learns nothing.
    address = (f"{API}exports/onnx/download/",)
    found = [codes(address, browser(user), exported) for user in (alice, bob, charlie, None)]
    assert found == [{409}, {409}, {404}, {401}]


def test_only_the_owner_is_offered_to_build_or_delete(
    exported: Checkpoint, alice: User, bob: User
) -> None:
    pages = [browser(u).get(f"/checkpoints/{exported.pk}/").content.decode() for u in (alice, bob)]
    assert ["Delete…" in page for page in pages] == [True, False]
    assert ['"can_edit": true' in page for page in pages] == [True, False]


def test_a_guest_deletes_nothing_from_the_page(exported: Checkpoint, bob: User) -> None:
    assert browser(bob).post(f"/checkpoints/{exported.pk}/delete/").status_code == 403
    assert Checkpoint.objects.filter(pk=exported.pk).exists()


def test_a_share_taken_back_ends_the_look(exported: Checkpoint, alice: User, bob: User) -> None:
    assert exported.search_id is not None
    services.unshare(alice, exported.search_id, "bob")
    assert codes(LOOK, browser(bob), exported) == {404}
