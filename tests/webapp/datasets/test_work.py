"""Preparing a data set keeps to what all work does; and when it may be asked for."""

from pathlib import Path
from typing import Any

import pytest

from tests.webapp.datasets.conftest import MakeUpload
from tests.webapp.work.contract import WorkContract
from webapp.accounts.models import User
from webapp.datasets import services
from webapp.datasets.kinds import PREPARATION
from webapp.datasets.models import Dataset
from webapp.errors import ProductError
from webapp.state import State
from webapp.work.kind import Kind


@pytest.fixture
def queued(make_upload: MakeUpload) -> Dataset:
    return make_upload()


class TestDataset(WorkContract):
    @pytest.fixture
    def kind(self) -> Kind[Any]:
        return PREPARATION

    @pytest.fixture
    def row(self, queued: Dataset) -> Dataset:
        return queued


def test_the_message_goes_out_when_the_row_is_there(
    make_upload: MakeUpload, django_capture_on_commit_callbacks: Any, messages: Path
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        make_upload()
        assert not list(messages.iterdir())
    assert len(list(messages.iterdir())) == 1


def test_what_failed_or_was_cancelled_can_be_asked_for_again(queued: Dataset, alice: User) -> None:
    token = PREPARATION.claim(queued.pk, "worker")
    assert token is not None
    PREPARATION.fail(queued.pk, token, "expected at least 2 classes, got 1")
    again = services.prepare_again(alice, queued.pk, resize_pixels=28)
    assert (again.state, again.failure, again.resize_pixels) == (State.QUEUED, "", 28)
    assert services.cancel(alice, queued.pk).state == State.CANCELLED
    assert services.prepare_again(alice, queued.pk).state == State.QUEUED


@pytest.mark.parametrize("state", [State.QUEUED, State.RUNNING])
def test_what_is_under_way_cannot_be_asked_for(queued: Dataset, alice: User, state: State) -> None:
    Dataset.objects.update(state=state)
    with pytest.raises(ProductError, match="being prepared already"):
        services.prepare_again(alice, queued.pk)


@pytest.mark.parametrize("state", ["", State.RUNNING, State.COMPLETED, State.FAILED])
def test_only_what_is_queued_can_be_claimed(queued: Dataset, state: str) -> None:
    Dataset.objects.update(state=state)
    assert PREPARATION.claim(queued.pk, "worker") is None


def test_what_nobody_asked_for_cannot_be_cancelled(missing: Dataset, alice: User) -> None:
    with pytest.raises(ProductError, match="it is not asked for"):
        services.cancel(alice, missing.pk)


def test_a_preparation_of_a_deleted_row_learns_that_it_is_gone(
    queued: Dataset, alice: User
) -> None:
    token = PREPARATION.claim(queued.pk, "worker")
    assert token is not None
    services.delete(alice, queued.pk)
    assert PREPARATION.is_given_up(queued.pk, token)
    assert not PREPARATION.progressed(queued.pk, token, {"share": 0.5, "note": "Reading images"})
