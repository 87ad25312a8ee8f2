"""When an export is built, and built again; what becomes of all work is in the contract."""

from typing import Any

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from webapp.checkpoints import lifecycle
from webapp.checkpoints.kinds import EXPORT
from webapp.checkpoints.models import Checkpoint, Export
from webapp.errors import ProductError
from webapp.state import State
from webapp.work.models import Request

pytestmark = pytest.mark.django_db
REPORT: dict[str, Any] = {"bytes": 5, "files": []}


def claimed(export: Export) -> int:
    token = EXPORT.claim(export.pk, "worker")
    assert token is not None
    return token


def complete(export: Export, token: int) -> bool:
    return EXPORT.complete(export.pk, token, report=REPORT, folder="here", sha256="a", bytes=5)


def test_a_request_waits_and_is_sent_once(
    start: Checkpoint, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks() as callbacks:
        one = lifecycle.export_requested(start, "onnx")
        other = lifecycle.export_requested(start, "onnx")
    sent = [callback for callback in callbacks if "send_work" in repr(callback)]
    assert (one.pk, one.state, len(sent)) == (other.pk, State.QUEUED, 1)


def test_what_is_completed_is_not_built_again(export: Export) -> None:
    assert complete(export, claimed(export))
    assert lifecycle.export_requested(export.checkpoint, "onnx").state == State.COMPLETED
    assert EXPORT.claim(export.pk, "worker") is None


def test_a_failed_one_is_built_again_without_its_reason(export: Export) -> None:
    EXPORT.fail(export.pk, claimed(export), "no such operation")
    again = lifecycle.export_requested(export.checkpoint, "onnx")
    assert (again.pk, again.state, again.failure) == (export.pk, State.QUEUED, "")


def test_one_that_is_built_is_cancelled_by_its_worker_unless_it_was_done_first(
    export: Export,
) -> None:
    token = claimed(export)
    EXPORT.cancel(export.pk)
    export.refresh_from_db()
    assert (export.state, export.requested) == (State.RUNNING, Request.CANCEL)
    assert EXPORT.is_given_up(export.pk, token)
    assert complete(export, token)


def test_what_is_being_built_cannot_be_deleted(export: Export) -> None:
    with pytest.raises(ProductError, match="cancel it first"):
        lifecycle.export_deleted(export.pk)
