"""Celery's shells: what there is to do stands in rows, and is done by the bodies of their kinds.

Bodies import torch, which must not happen in a worker's parent: a child forked from a process in
which torch has worked hangs. So they are imported when the first task runs.
"""

import socket

from celery import Task, shared_task
from celery.signals import worker_ready

from webapp.work import kinds, recovery, runner
from webapp.work.queue import TaskName, send


@shared_task(name=TaskName.RUN, bind=True)
def run(self: "Task[[str, int], None]", kind: str, pk: int) -> None:
    runner.run_next(kinds.find(kind).queue, str(self.request.hostname or socket.gethostname()))


@shared_task(name=TaskName.RECOVER_WORK)
def recover(at_start: int = 0) -> None:
    recovery.recover(at_start=bool(at_start))


@worker_ready.connect
def recover_at_start(**_: object) -> None:
    """A worker that starts says again what is due: all messages may have been lost."""
    send(TaskName.RECOVER_WORK, 1)
