"""What every change has in common: the search's lock, what may follow what, and the clock."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.utils import timezone

from webapp.final_trainings.events import About, Kind
from webapp.final_trainings.models import FinalTraining, Request
from webapp.searches.events import append
from webapp.searches.lifecycle import IllegalTransition, locked
from webapp.searches.models import Search
from webapp.state import State

__all__ = ["IllegalTransition", "can_request", "can_resume", "enter", "held", "settle", "tell"]

_STRENGTH = [Request.NONE, Request.PAUSE, Request.CANCEL]
_MAY_FOLLOW = {
    Request.PAUSE: (State.QUEUED, State.RUNNING),
    Request.CANCEL: (State.QUEUED, State.RUNNING, State.PAUSED),
}


@contextmanager
def held(training_id: int) -> Iterator[tuple[Search, FinalTraining]]:
    """A final training that nobody else can change until the transaction ends.

    The lock is its search's, under which events are numbered; it holds all its trainings.

    Raises:
        FinalTraining.DoesNotExist: it was deleted.
    """
    search_id = FinalTraining.objects.values_list("search_id", flat=True).get(pk=training_id)
    try:
        with locked(search_id) as search:
            yield search, FinalTraining.objects.get(pk=training_id)
    except Search.DoesNotExist as error:  # with all its trainings, in between
        raise FinalTraining.DoesNotExist from error


def can_request(training: FinalTraining, request: Request) -> bool:
    """Whether it may be asked for now: nothing as strong was, and the state admits it."""
    stronger = _STRENGTH.index(request) > _STRENGTH.index(Request(training.requested))
    return State(training.state) in _MAY_FOLLOW[request] and stronger


def can_resume(training: FinalTraining) -> bool:
    """Paused ones go on, failed ones are tried again, and a pause may be taken back."""
    pausing = training.requested == Request.PAUSE
    return State(training.state) in (State.PAUSED, State.FAILED) or pausing


def enter(training: FinalTraining, state: State) -> None:
    """Set a state with what follows from it: clock, lease, and that nothing is asked for."""
    now = timezone.now()
    training.seconds_before = training.elapsed_seconds
    training.running_since = now if state is State.RUNNING else None
    training.ended_at = now if state.is_final else None
    training.state = state
    training.requested = Request.NONE
    if state is not State.RUNNING:
        training.lease_until = None
    training.save()


def settle(search: Search, training: FinalTraining) -> None:
    """Do what was asked for. The caller holds the lock, and no worker the training."""
    pauses = training.requested == Request.PAUSE
    training.progress = training.progress if pauses else None
    enter(training, State.PAUSED if pauses else State.CANCELLED)
    tell(search, training, Kind.PAUSED if pauses else Kind.CANCELLED)


def tell(search: Search, training: FinalTraining, kind: Kind) -> None:
    """An event that says no more than which training."""
    about: About = {"id": training.pk, "name": training.name}
    append(search, kind, about)
