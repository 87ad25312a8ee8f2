"""Events are numbered in the order in which they are committed, whoever writes."""

import threading

import pytest
from django.db import IntegrityError, connection, transaction

from webapp.live import log
from webapp.live.models import Event
from webapp.searches.events import Kind, append
from webapp.searches.lifecycle import locked
from webapp.searches.models import Search

THREADS, EVENTS = 4, 15


@pytest.mark.django_db(transaction=True)
def test_writers_at_once_leave_no_gap_and_no_number_twice(search: Search) -> None:
    def write() -> None:
        for _ in range(EVENTS):
            with locked(search.pk) as row:
                append(row, Kind.SEARCH_NOTED, {"note": "x"})
        connection.close()

    writers = [threading.Thread(target=write) for _ in range(THREADS)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    sequences = log.events(search.topic).values_list("sequence", flat=True)
    assert sorted(sequences) == list(range(1, THREADS * EVENTS + 2))


@pytest.mark.django_db
def test_what_is_rolled_back_takes_no_number(search: Search) -> None:
    with pytest.raises(ZeroDivisionError), locked(search.pk) as row:
        append(row, Kind.SEARCH_NOTED, {"note": "x"})
        raise ZeroDivisionError
    with locked(search.pk) as row:
        assert append(row, Kind.SEARCH_NOTED, {"note": "y"}).sequence == 2


@pytest.mark.django_db
def test_a_number_is_used_once(search: Search) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        first = log.events(search.topic)[0]
        Event.objects.create(log=first.log, sequence=1, kind="x", payload={})
