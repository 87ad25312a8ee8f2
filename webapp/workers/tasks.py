"""No tasks, but Celery's signals: it imports this module where a worker starts, nowhere else."""

import logging
import os
import signal
from typing import Any

from celery.concurrency.prefork import TaskPool
from celery.signals import (
    celeryd_after_setup,
    worker_process_init,
    worker_ready,
    worker_shutdown,
)
from django.db import Error as DatabaseFault
from django.db import connections

from webapp.work import health
from webapp.work.queue import CLOCK, GPU
from webapp.workers.heartbeat import Heartbeat, say_good_bye

logger = logging.getLogger(__name__)
_heartbeat: Heartbeat | None = None
_in_children = False


@celeryd_after_setup.connect
def note_worker(sender: str, instance: Any, **_: object) -> None:
    """Before a pool forks: children know by inheritance whose they are."""
    global _heartbeat, _in_children
    health.serve()
    queues = sorted(instance.app.amqp.queues.consume_from)
    if queues == [CLOCK]:
        return  # it does nothing that anybody waits for
    if GPU not in queues:
        os.environ["CUDA_VISIBLE_DEVICES"] = ""  # before torch looks: it is there for others
    _heartbeat = Heartbeat(sender, queues)
    _in_children = issubclass(instance.pool_cls, TaskPool)
    if _in_children:
        _leave_connection_pool()


def _leave_connection_pool() -> None:
    """Children connect by themselves: Celery closes their pool of connections around every task.

    The heartbeat, which waited for one of them just then, was written ten seconds late.
    """
    for settings in connections.settings.values():
        settings["OPTIONS"].pop("pool", None)


@worker_process_init.connect
def start_in_child(**_: object) -> None:
    if _heartbeat is not None:
        # Its parent ends, and whoever keeps it starts it again, later each time.
        _heartbeat.start(end=lambda: os.kill(os.getppid(), signal.SIGTERM))


@worker_ready.connect
def start_beside_threads(**_: object) -> None:
    if _heartbeat is not None and not _in_children:
        _heartbeat.start()


@worker_shutdown.connect
def leave(**_: object) -> None:
    if _heartbeat is not None:
        try:
            say_good_bye(_heartbeat.name)
        except DatabaseFault as error:
            logger.warning("the good-bye could not be written: %s", error)
