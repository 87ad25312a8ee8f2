"""Celery's shells. Ids only; what is done stands in the modules that they call.

Those modules import torch, which must not happen in a worker's parent.
"""

import socket

from celery import Task, shared_task

from webapp.exports import recovery
from webapp.task_queue import TaskName


@shared_task(name=TaskName.BUILD_EXPORT, bind=True)
def build_export(self: "Task[[int], None]", export_id: int) -> None:
    from webapp.exports import builder

    builder.build(export_id, _name(self))


@shared_task(name=TaskName.MEASURE_CHECKPOINT, bind=True)
def measure_checkpoint(self: "Task[[int], None]", measurement_id: int) -> None:
    from webapp.exports import measurer

    measurer.measure(measurement_id, _name(self))


@shared_task(name=TaskName.RECOVER_EXPORTS)
def recover() -> None:
    recovery.recover()


def _name(task: "Task[[int], None]") -> str:
    return str(task.request.hostname or socket.gethostname())
