"""What every change of state has in common: the lock, and a refusal where it is illegal."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from django.utils import timezone

from webapp.errors import ProductError
from webapp.searches.models import Request, Search
from webapp.state import State


class IllegalTransition(ProductError):
    """A state cannot be left this way. Nothing has been changed."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "conflict")


@contextmanager
def locked(search_id: int) -> Iterator[Search]:
    """A search that nobody else can change until the transaction ends."""
    with transaction.atomic():
        yield Search.objects.select_for_update().get(pk=search_id)


def require(search: Search, action: str, *states: State) -> None:
    """Refuse what the search's state does not admit."""
    if State(search.state) not in states:
        expected = " or ".join(states)
        raise IllegalTransition(
            f"The search cannot be {action}: it is {search.state}, and would have to be {expected}."
        )


def enter(search: Search, state: State) -> None:
    """Set a state with what follows from it: the clock, and that nothing is asked for any more."""
    now = timezone.now()
    if search.running_since is not None:
        search.seconds_before = search.elapsed_seconds
    search.running_since = now if state is State.RUNNING else None
    search.ended_at = now if state.is_final else None
    search.state, search.requested = state, Request.NONE
    search.save(update_fields=["state", "requested", "running_since", "seconds_before", "ended_at"])
