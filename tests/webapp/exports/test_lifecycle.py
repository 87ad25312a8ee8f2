"""States of an export: who may change them, and that an old token changes nothing."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from webapp.checkpoints.models import Checkpoint
from webapp.errors import ProductError
from webapp.exports import lifecycle, recovery
from webapp.exports.models import Export
from webapp.state import State

pytestmark = pytest.mark.django_db
REPORT: dict[str, Any] = {"bytes": 5, "files": []}


def claimed(export: Export) -> int:
    token = lifecycle.EXPORTS.claimed(export.pk, "worker")
    assert token is not None
    return token


def state(export: Export) -> str:
    export.refresh_from_db()
    return export.state


def complete(export: Export, token: int) -> bool:
    return lifecycle.export_completed(export.pk, token, REPORT, folder="here", sha256="a")


def lose(export: Export) -> None:
    """Its lease runs out, as when the worker is killed."""
    past = timezone.now() - timedelta(seconds=1)
    Export.objects.filter(pk=export.pk).update(lease_until=past)
    recovery.recover()


def test_a_request_waits_and_is_sent_once(
    start: Checkpoint, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks() as sent:
        one = lifecycle.export_requested(start, "onnx")
        other = lifecycle.export_requested(start, "onnx")
    assert (one.pk, one.state, len(sent)) == (other.pk, State.QUEUED, 1)


def test_one_worker_gets_it(export: Export) -> None:
    claimed(export)
    assert lifecycle.EXPORTS.claimed(export.pk, "another") is None
    assert state(export) == State.RUNNING


def test_what_is_completed_is_not_built_again(export: Export) -> None:
    assert complete(export, claimed(export))
    assert state(export) == State.COMPLETED
    assert lifecycle.export_requested(export.checkpoint, "onnx").state == State.COMPLETED
    assert lifecycle.EXPORTS.claimed(export.pk, "worker") is None


def test_a_failed_one_is_built_again_without_its_reason(export: Export) -> None:
    lifecycle.EXPORTS.failed(export.pk, claimed(export), "no such operation")
    assert state(export) == State.FAILED
    again = lifecycle.export_requested(export.checkpoint, "onnx")
    assert (again.pk, again.state, again.failure) == (export.pk, State.QUEUED, "")


@pytest.mark.parametrize("is_running", [False, True])
def test_cancelling_counts_at_once(is_running: bool, export: Export) -> None:
    token = claimed(export) if is_running else 1
    lifecycle.export_cancelled(export.pk)
    assert not complete(export, token)
    assert not lifecycle.EXPORTS.lease_renewed(export.pk, token)
    assert state(export) == State.CANCELLED


def test_what_has_ended_cannot_be_cancelled(export: Export) -> None:
    complete(export, claimed(export))
    with pytest.raises(ProductError, match="nothing to cancel"):
        lifecycle.export_cancelled(export.pk)


def test_a_result_of_an_old_attempt_counts_for_nothing(export: Export) -> None:
    old = claimed(export)
    lose(export)
    new = claimed(export)
    assert not complete(export, old)
    assert not lifecycle.EXPORTS.failed(export.pk, old, "late")
    assert complete(export, new)


def test_a_lost_worker_costs_an_attempt_and_the_third_fails_with_the_reason(
    export: Export,
) -> None:
    states = []
    for _ in range(3):
        claimed(export)
        lose(export)
        states.append(state(export))
    assert states == [State.QUEUED, State.QUEUED, State.FAILED]
    assert "lost 3 times" in export.failure


def test_a_worker_that_stops_costs_no_attempt(export: Export) -> None:
    for _ in range(4):
        lifecycle.EXPORTS.interrupted(export.pk, claimed(export), lost=False)
    assert (state(export), export.losses) == (State.QUEUED, 0)


def test_a_renewed_lease_is_not_lost(export: Export) -> None:
    token = claimed(export)
    assert lifecycle.EXPORTS.lease_renewed(export.pk, token)
    recovery.recover()
    assert state(export) == State.RUNNING


def test_a_message_that_got_lost_is_sent_again(
    export: Export, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[int] = []
    monkeypatch.setattr(recovery, "send", lambda _task, export_id: sent.append(export_id))
    recovery.recover()
    assert sent == []
    long_ago = timezone.now() - timedelta(minutes=1)
    Export.objects.update(sent_at=long_ago)
    recovery.recover()
    recovery.recover()
    assert sent == [export.pk]


def test_what_is_being_built_cannot_be_deleted(export: Export) -> None:
    with pytest.raises(ProductError, match="cancel it first"):
        lifecycle.export_deleted(export.pk)
