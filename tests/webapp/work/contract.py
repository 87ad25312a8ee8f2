"""What every kind of work keeps to. A kind joins by a class with two fixtures, `kind` and `row`."""

import errno
import weakref
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from search_engine.spec.errors import OutOfMemory
from webapp.live import log
from webapp.state import State
from webapp.work import device, queue, recovery, runner, stopping
from webapp.work.causes import WorkDelayed
from webapp.work.kind import IllegalTransition, Kind, Reason
from webapp.work.models import DELAYS, MAX_LOST, Pulse, Request, Work
from webapp.work.runner import Hold, WorkRefused

BESIDE_IT = [
    OperationalError("database is locked"),
    InterfaceError("the connection is closed"),
    OSError(errno.ENOSPC, "No space left on device", "/var/files/weights.safetensors"),
    FileNotFoundError(errno.ENOENT, "No such file", "/var/files/weights.safetensors"),
    WorkDelayed("The images of “Leaves” cannot be read."),
]


@pytest.mark.django_db
class WorkContract:
    """Claim once, late results, attempt limit, stop, cancel, progress, recovery, traceback.

    Subclasses give the fixtures `kind` and `row`, a row that waits for a worker; and may say in
    `found` what `complete` needs.
    """

    found: ClassVar[dict[str, Any]] = {}

    @pytest.fixture
    def claimed(self, kind: Kind[Any], row: Work) -> int:
        token = kind.claim(row.pk, "worker@here")
        assert token is not None
        return token

    @pytest.fixture
    def doing(
        self, kind: Kind[Any], monkeypatch: pytest.MonkeyPatch
    ) -> Callable[[Callable[[Work, Hold[Any]], None]], None]:
        """Let the kind's body be this function."""
        return lambda body: monkeypatch.setattr(runner, "import_string", lambda _: body)

    @pytest.fixture
    def stop(self) -> Iterator[Callable[[], None]]:
        """Asks this worker to stop."""
        yield stopping.request
        stopping._asked.clear()

    def lose(self, kind: Kind[Any], row: Work) -> None:
        """The lease runs out, as when the worker is killed, and recovery looks."""
        past = timezone.now() - timedelta(seconds=1)
        kind.rows._default_manager.filter(pk=row.pk).update(lease_until=past)
        recovery.recover()
        row.refresh_from_db()

    def events(self, kind: Kind[Any], row: Work) -> list[str]:
        found = log.events(kind.topic(row)).values_list("kind", flat=True)
        part = kind.event(row, "")
        return [one.removeprefix(part) for one in found if one.startswith(part)]

    def test_one_worker_gets_it(self, kind: Kind[Any], row: Work, claimed: int) -> None:
        assert kind.claim(row.pk, "another") is None
        row.refresh_from_db()
        assert (row.state, row.worker, row.attempt) == (State.RUNNING, "worker@here", claimed)
        assert self.events(kind, row)[-1] == "started"

    def test_an_old_attempt_counts_for_nothing(
        self, kind: Kind[Any], row: Work, claimed: int
    ) -> None:
        self.lose(kind, row)
        new = kind.claim(row.pk, "another")
        assert new is not None
        assert not kind.renew(row.pk, claimed)
        assert not kind.progressed(row.pk, claimed, {"share": 0.5})
        assert not kind.complete(row.pk, claimed, **self.found)
        assert not kind.fail(row.pk, claimed, "late")
        assert kind.renew(row.pk, new)

    def test_a_lost_worker_is_followed_by_another_and_the_third_is_the_last(
        self, kind: Kind[Any], row: Work
    ) -> None:
        states = []
        for _ in range(MAX_LOST):
            assert kind.claim(row.pk, "doomed") is not None
            self.lose(kind, row)
            states.append(row.state)
        assert states[:-1] == [State.QUEUED] * (MAX_LOST - 1)
        self.assert_lost_for_good(row, f"lost its worker {MAX_LOST} times")

    def assert_failed(self, row: Work, reason: str) -> None:
        """It ended as failed; kinds that end later than their worker say how they show it."""
        assert row.state == State.FAILED
        assert reason in row.failure

    def assert_lost_for_good(self, row: Work, reason: str) -> None:
        """It failed; kinds that belong to something else say what becomes of that."""
        self.assert_failed(row, reason)

    @pytest.mark.parametrize("error", BESIDE_IT, ids=lambda error: type(error).__name__)
    def test_what_goes_wrong_beside_it_costs_it_nothing(
        self, kind: Kind[Any], row: Work, doing: Callable[[Any], None], error: Exception
    ) -> None:
        def body(_: Work, hold: Hold[Any]) -> None:
            raise error

        doing(body)
        assert runner.run(kind.name, row.pk, "worker")
        row.refresh_from_db()
        assert (row.state, row.failure, row.traceback) == (State.QUEUED, "", "")
        assert (row.delays, row.workers_lost, row.is_held) == (1, 0, False)
        assert row.delay and "/" not in row.delay
        assert self.events(kind, row)[-1] == "interrupted"
        assert kind.claim(row.pk, "worker") is None, "it waits a while"
        self.let_time_pass(kind, row)
        assert kind.claim(row.pk, "worker") is not None

    def test_what_stays_wrong_beside_it_is_told_to_its_user(
        self, kind: Kind[Any], row: Work, doing: Callable[[Any], None]
    ) -> None:
        def body(_: Work, hold: Hold[Any]) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        doing(body)
        for _ in range(len(DELAYS) + 1):
            assert runner.run(kind.name, row.pk, "worker")
            self.let_time_pass(kind, row)
        row.refresh_from_db()
        self.assert_held_up(row, "The disk is full. Delete ")

    def assert_held_up(self, row: Work, reason: str) -> None:
        """It waits for its user, or has failed; kinds that belong to something else say how."""
        assert row.state in (State.PAUSED, State.FAILED)
        assert reason in row.failure

    def let_time_pass(self, kind: Kind[Any], row: Work) -> None:
        kind.rows._default_manager.filter(pk=row.pk).update(not_before=timezone.now())

    def test_full_memory_counts_the_second_time(
        self,
        kind: Kind[Any],
        row: Work,
        doing: Callable[[Any], None],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        held: list[weakref.ref[Any]] = []
        still_held: list[bool] = []
        look = lambda: still_held.append(held[-1]() is not None)  # noqa: E731
        monkeypatch.setattr(device, "_kept", [look])

        def body(_: Work, hold: Hold[Any]) -> None:
            network = set[int]()
            held.append(weakref.ref(network))
            try:
                raise RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED")
            except RuntimeError as error:
                raise OutOfMemory(str(error)) from None

        doing(body)
        runner.run(kind.name, row.pk, "worker")
        row.refresh_from_db()
        assert (row.state, row.delay_code) == (State.QUEUED, "memory")
        assert still_held == [False], "what filled the memory goes before it is looked at again"
        self.let_time_pass(kind, row)
        runner.run(kind.name, row.pk, "worker")
        row.refresh_from_db()
        self.assert_failed(row, "CUDNN_STATUS_ALLOC_FAILED")

    def test_a_broken_device_ends_the_process_and_is_not_its_fault(
        self,
        kind: Kind[Any],
        row: Work,
        doing: Callable[[Any], None],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        ended: list[str] = []
        monkeypatch.setattr(stopping, "end_child", lambda: ended.append(row.state))

        def body(_: Work, hold: Hold[Any]) -> None:
            raise RuntimeError("CUDA error: an illegal memory access was encountered")

        doing(body)
        runner.run(kind.name, row.pk, "worker")
        row.refresh_from_db()
        assert (row.state, row.workers_lost, len(ended)) == (State.QUEUED, 1, 1)

    def test_after_a_silence_of_the_database_no_lease_counts_as_run_out(
        self, kind: Kind[Any], row: Work, claimed: int
    ) -> None:
        recovery.recover()
        Pulse.objects.update(beat_at=timezone.now() - recovery.GAP - timedelta(seconds=1))
        self.lose(kind, row)
        assert (row.state, row.workers_lost) == (State.RUNNING, 0)
        Pulse.objects.update(lenient_until=timezone.now())
        self.lose(kind, row)
        assert (row.state, row.workers_lost) == (State.QUEUED, 1)

    def test_a_result_whose_writing_was_cut_off_is_known_to_be_written(
        self, kind: Kind[Any], row: Work, claimed: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        hold = Hold(kind, row, claimed)
        assert not kind.is_completed(row.pk, claimed)
        assert hold.complete(**self.found)
        assert hold.complete(**self.found), "the connection broke at the commit, and it was"
        assert kind.is_completed(row.pk, claimed)
        assert not Hold(kind, row, claimed - 1).complete(**self.found)

    def test_a_renewed_lease_is_not_lost(self, kind: Kind[Any], row: Work, claimed: int) -> None:
        kind.rows._default_manager.filter(pk=row.pk).update(lease_until=timezone.now())
        assert kind.renew(row.pk, claimed)
        recovery.recover()
        row.refresh_from_db()
        assert row.state == State.RUNNING

    def test_a_worker_that_stops_gives_it_back_at_no_cost(
        self,
        kind: Kind[Any],
        row: Work,
        doing: Callable[[Any], None],
        stop: Callable[[], None],
    ) -> None:
        def body(_: Work, hold: Hold[Any]) -> None:
            stop()
            assert hold.should_stop()
            raise runner.WorkStopped

        doing(body)
        runner.run(kind.name, row.pk, "stopping")
        row.refresh_from_db()
        assert (row.state, row.attempt, row.workers_lost) == (State.QUEUED, 1, 0)
        runner.run(kind.name, row.pk, "stopping")
        row.refresh_from_db()
        assert row.attempt == 1, "a worker that is to stop takes nothing new"

    def test_progress_is_kept_and_told(self, kind: Kind[Any], row: Work, claimed: int) -> None:
        assert kind.progressed(row.pk, claimed, {"share": 0.5})
        row.refresh_from_db()
        assert row.progress is not None
        assert row.progress["share"] == 0.5
        assert self.events(kind, row)[-1] == "progress"

    def test_a_running_one_is_cancelled_by_its_worker(
        self, kind: Kind[Any], row: Work, doing: Callable[[Any], None], monkeypatch: Any
    ) -> None:
        monkeypatch.setattr(runner, "LOOK_SECONDS", 0.0)

        def body(_: Work, hold: Hold[Any]) -> None:
            self.cancel(kind, row)
            assert hold.should_stop()
            raise runner.WorkStopped

        doing(body)
        runner.run(kind.name, row.pk, "worker")
        row.refresh_from_db()
        assert (row.state, row.is_held) == (State.CANCELLED, False)

    def test_one_that_waits_is_cancelled_at_once(self, kind: Kind[Any], row: Work) -> None:
        self.cancel(kind, row)
        row.refresh_from_db()
        assert row.state == State.CANCELLED
        assert kind.claim(row.pk, "worker") is None

    def test_a_cancelled_one_whose_worker_is_lost_is_cancelled(
        self, kind: Kind[Any], row: Work, claimed: int
    ) -> None:
        self.cancel(kind, row)
        self.lose(kind, row)
        assert row.state == State.CANCELLED

    def cancel(self, kind: Kind[Any], row: Work) -> None:
        """As its user does; kinds that are cancelled with something else say how."""
        kind.cancel(row.pk)

    def test_what_has_ended_cannot_be_cancelled(
        self, kind: Kind[Any], row: Work, claimed: int
    ) -> None:
        kind.fail(row.pk, claimed, "no")
        with pytest.raises(IllegalTransition, match="cannot be cancelled"):
            kind.cancel(row.pk)

    def test_a_refusal_is_its_failure(
        self, kind: Kind[Any], row: Work, doing: Callable[[Any], None]
    ) -> None:
        def body(_: Work, hold: Hold[Any]) -> None:
            raise WorkRefused("There is no such thing.")

        doing(body)
        runner.run(kind.name, row.pk, "worker")
        row.refresh_from_db()
        self.assert_failed(row, "There is no such thing.")
        assert row.traceback == ""

    def test_a_bug_fails_it_with_its_traceback_and_is_raised_again(
        self, kind: Kind[Any], row: Work, doing: Callable[[Any], None]
    ) -> None:
        def body(_: Work, hold: Hold[Any]) -> None:
            raise ZeroDivisionError("what nobody foresaw")

        doing(body)
        with pytest.raises(ZeroDivisionError):
            runner.run(kind.name, row.pk, "worker")
        row.refresh_from_db()
        self.assert_failed(row, "ZeroDivisionError: what nobody foresaw")
        assert "test_a_bug_fails_it" not in row.failure
        assert "contract.py" in row.traceback

    def test_a_message_that_got_lost_is_sent_again_once(
        self, kind: Kind[Any], row: Work, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sent: list[tuple[str, str, int]] = []
        monkeypatch.setattr(queue, "send_work", lambda to, name, pk: sent.append((to, name, pk)))
        monkeypatch.setattr(queue, "messages", lambda to: 0)
        recovery.recover()
        assert (kind.queue, kind.name, row.pk) not in sent
        long_ago = timezone.now() - timedelta(minutes=1)
        kind.rows._default_manager.filter(pk=row.pk).update(sent_at=long_ago)
        recovery.recover()
        recovery.recover()
        assert sent.count((kind.queue, kind.name, row.pk)) == 1

    def test_it_can_be_paused_if_its_kind_can(
        self, kind: Kind[Any], row: Work, claimed: int
    ) -> None:
        if not kind.pausable:
            with pytest.raises(IllegalTransition, match="cannot be paused"):
                kind.pause(row.pk)
            return
        kind.pause(row.pk)
        assert kind.is_given_up(row.pk, claimed)
        assert kind.give_back(row.pk, claimed, Reason.STOPPING)
        row.refresh_from_db()
        assert (row.state, row.requested) == (State.PAUSED, Request.NONE)
        kind.resume(row.pk)
        row.refresh_from_db()
        assert row.state == State.QUEUED
