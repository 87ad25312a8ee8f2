"""Real Celery workers write their rows, and leave in good order."""

import os
import signal

import pytest

from tests.webapp.searches.test_workers import Start, start, until
from webapp.workers.models import Worker

__all__ = ["start"]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.thorough]


def named(name: str) -> Worker | None:
    return Worker.objects.filter(name=name).first()


@pytest.mark.parametrize(("queue", "trains"), [("gpu", True), ("cpu", False)])
def test_a_worker_says_that_it_is_there_and_says_good_bye(
    queue: str, trains: bool, start: Start
) -> None:
    process = start(queue)
    until(lambda: named(f"{queue}@0"))
    worker = named(f"{queue}@0")
    assert worker is not None
    assert (worker.is_online, worker.trains, worker.queues) == (True, trains, [queue])
    os.killpg(process.pid, signal.SIGTERM)
    process.wait(60)
    worker.refresh_from_db()
    assert not worker.is_online
