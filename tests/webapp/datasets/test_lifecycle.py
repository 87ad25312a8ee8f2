"""Every change of a data set's state, and those that must not happen."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from tests.webapp.datasets.conftest import MakeUpload
from webapp.datasets import lifecycle
from webapp.datasets.models import Dataset
from webapp.state import State


@pytest.fixture
def queued(make_upload: MakeUpload) -> Dataset:
    return make_upload()


@pytest.fixture
def running(queued: Dataset) -> Dataset:
    lifecycle.preparation_claimed(queued.pk)
    queued.refresh_from_db()
    return queued


def state_of(dataset: Dataset) -> str:
    dataset.refresh_from_db()
    return dataset.state


def expire(dataset: Dataset) -> None:
    Dataset.objects.filter(pk=dataset.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    lifecycle.leases_expired()


def test_the_message_goes_out_when_the_row_is_there(
    make_upload: MakeUpload, django_capture_on_commit_callbacks: Any, messages: Path
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        make_upload()
        assert not list(messages.iterdir())
    assert len(list(messages.iterdir())) == 1


def test_one_of_two_workers_claims_it(queued: Dataset) -> None:
    assert lifecycle.preparation_claimed(queued.pk) == 1
    assert lifecycle.preparation_claimed(queued.pk) is None


def test_progress_renews_the_lease(running: Dataset) -> None:
    before = running.lease_until
    assert lifecycle.preparation_progressed(running.pk, 1, 0.5, "Reading images")
    running.refresh_from_db()
    assert before is not None and running.lease_until is not None
    assert running.lease_until > before
    assert (running.progress, running.progress_note) == (0.5, "Reading images")


def test_an_attempt_that_lost_its_lease_counts_no_more(running: Dataset) -> None:
    expire(running)
    assert lifecycle.preparation_claimed(running.pk) == 2
    assert not lifecycle.preparation_progressed(running.pk, 1, 0.5, "Reading images")
    assert not lifecycle.preparation_completed(running.pk, 1, image_count=5)
    assert not lifecycle.preparation_failed(running.pk, 1, "too late")
    assert state_of(running) == State.RUNNING


def test_a_lease_that_runs_out_queues_it_again(running: Dataset) -> None:
    expire(running)
    assert state_of(running) == State.QUEUED


def test_a_lease_that_holds_is_left_alone(running: Dataset) -> None:
    lifecycle.leases_expired()
    assert state_of(running) == State.RUNNING


def test_the_third_loss_fails_it(queued: Dataset) -> None:
    for _ in range(3):
        assert lifecycle.preparation_claimed(queued.pk)
        expire(queued)
    assert state_of(queued) == State.FAILED
    assert "lost three times" in queued.failure


def test_a_lost_message_is_sent_again(
    queued: Dataset, django_capture_on_commit_callbacks: Any
) -> None:
    Dataset.objects.update(sent_at=timezone.now() - timedelta(minutes=5))
    with django_capture_on_commit_callbacks() as sent:
        lifecycle.messages_lost()
        lifecycle.messages_lost()
    assert len(sent) == 1


def test_what_failed_can_be_asked_for_again(running: Dataset) -> None:
    lifecycle.preparation_failed(running.pk, 1, "expected at least 2 classes, got 1")
    assert lifecycle.preparation_requested(running.pk, resize_pixels=28)
    assert state_of(running) == State.QUEUED
    assert (running.failure, running.resize_pixels) == ("", 28)


@pytest.mark.parametrize("state", [State.QUEUED, State.RUNNING])
def test_what_is_under_way_cannot_be_asked_for(queued: Dataset, state: State) -> None:
    Dataset.objects.update(state=state)
    assert not lifecycle.preparation_requested(queued.pk)


@pytest.mark.parametrize("state", ["", State.RUNNING, State.COMPLETED, State.FAILED])
def test_only_what_is_queued_can_be_claimed(queued: Dataset, state: str) -> None:
    Dataset.objects.update(state=state)
    assert lifecycle.preparation_claimed(queued.pk) is None


def test_a_worker_that_stops_costs_no_attempt(running: Dataset) -> None:
    assert lifecycle.preparation_interrupted(running.pk, 1)
    assert state_of(running) == State.QUEUED
    assert running.losses == 0


def test_a_preparation_of_a_deleted_row_learns_that_it_is_gone(running: Dataset) -> None:
    number = running.pk
    lifecycle.deleted(running)
    assert not lifecycle.preparation_progressed(number, 1, 0.5, "Reading images")
