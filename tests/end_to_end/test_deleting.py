"""Whoever deletes something is told first what that frees."""

import pytest
from playwright.sync_api import Dialog, Page

from tests.end_to_end.prepared import *  # noqa: F403 - fixtures
from webapp.checkpoints.models import Checkpoint
from webapp.searches.models import Search
from webapp.storage.folders import stored_bytes

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_question_says_what_deleting_frees(opened: Page, search: Search) -> None:
    found = Checkpoint.objects.filter(search=search, trial__number=3)
    checkpoint = found.first()
    assert checkpoint is not None
    frees = stored_bytes(checkpoint.folder)
    asked: list[str] = []

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.message)
        (dialog.accept if len(asked) > 1 else dialog.dismiss)()

    opened.on("dialog", answer)
    opened.goto(f"/checkpoints/{checkpoint.pk}/")
    with opened.expect_response("**/delete/"), opened.expect_event("dialog"):
        opened.get_by_role("button", name="Delete…").click()
    assert f"This frees {frees / 1024:.1f} KB." in asked[0]
    assert Checkpoint.objects.filter(pk=checkpoint.pk).exists(), "it was not what was wanted"
    opened.get_by_role("button", name="Delete…").click()
    opened.wait_for_url("**/checkpoints/")
    assert not Checkpoint.objects.filter(pk=checkpoint.pk).exists()
    assert stored_bytes(checkpoint.folder) == 0
