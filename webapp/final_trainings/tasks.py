"""Celery's shells. Ids only; what is done stands in the modules that they call.

What imports torch is imported when the first task runs in a worker's child: a child forked from a
process in which torch has worked hangs.
"""

import socket

from celery import Task, shared_task
from celery.signals import worker_ready

from webapp.final_trainings import recovery
from webapp.task_queue import TaskName, send


@shared_task(name=TaskName.TRAIN_FINAL, bind=True)
def train_final(self: "Task[[int], None]", training_id: int) -> None:
    from webapp.final_trainings import trainer

    trainer.train(training_id, str(self.request.hostname or socket.gethostname()))


@shared_task(name=TaskName.RECOVER_FINAL_TRAININGS)
def recover(at_start: int = 0) -> None:
    recovery.recover(at_start=bool(at_start))


@worker_ready.connect
def recover_at_start(**_: object) -> None:
    """A worker that starts says again what is due: all messages may have been lost."""
    send(TaskName.RECOVER_FINAL_TRAININGS, 1)
