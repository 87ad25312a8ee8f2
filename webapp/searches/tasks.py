"""Celery's shells. Ids only; what is done stands in the modules that they call.

Those modules import torch, which must not happen in a worker's parent: a child forked from a
process in which torch has worked hangs. So they are imported when the first task runs in the child.
"""

import socket

from celery import Task, shared_task
from celery.signals import worker_ready

from webapp.searches import recovery
from webapp.task_queue import TaskName, send


@shared_task(name=TaskName.ADVANCE_SEARCH)
def advance_search(search_id: int) -> None:
    from webapp.searches import coordinator

    coordinator.advance(search_id)


@shared_task(name=TaskName.TRAIN_START_NETWORK, bind=True)
def train_start_network(self: "Task[[int], None]", search_id: int) -> None:
    from webapp.searches import coordinator, start_trainer

    start_trainer.train(search_id, _worker(self))
    coordinator.advance(search_id)


@shared_task(name=TaskName.EVALUATE_TRIAL, bind=True)
def evaluate_trial(self: "Task[[int], None]", trial_id: int) -> None:
    from webapp.searches import evaluator

    evaluator.evaluate_trial(trial_id, _worker(self))


@shared_task(name=TaskName.RECOVER)
def recover(at_start: int = 0) -> None:
    recovery.recover(at_start=bool(at_start))


@worker_ready.connect
def recover_at_start(**_: object) -> None:
    """A worker that starts says again what is due: all messages may have been lost."""
    send(TaskName.RECOVER, 1)


def _worker(task: "Task[[int], None]") -> str:
    """The worker's name, as people see it."""
    return str(task.request.hostname or socket.gethostname())
