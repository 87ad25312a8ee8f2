"""Sends messages by name, so that whoever sends them imports nothing of what they ask for."""

import logging
from functools import partial
from typing import Any, Final

from django.db import transaction
from kombu.exceptions import ChannelError, OperationalError

from webapp.celery import app
from webapp.work.task_names import TaskName

__all__ = ["CLOCK", "CPU", "GPU", "TaskName", "send", "send_on_commit", "send_work"]

CPU: Final = "cpu"
GPU: Final = "gpu"
CLOCK: Final = "clock"
"""The queue of what must never wait behind work."""

logger = logging.getLogger(__name__)


def send(task: TaskName, *arguments: object, to: str | None = None) -> None:
    """Send now. A broker that is away loses nothing: rows say what is due, recovery sends it."""
    try:
        app.send_task(str(task), args=list(arguments), queue=to, retry=False)
    except (OperationalError, OSError) as error:
        logger.warning("the broker did not take %s%s: %s", task, arguments, error)


def send_on_commit(task: TaskName, *arguments: object, to: str | None = None) -> None:
    """Send once the rows that the task will look for are there to be found."""
    transaction.on_commit(partial(send, task, *arguments, to=to))


def messages(to: str) -> int:
    """How many messages lie in a queue; 0 where the broker is away."""
    try:
        with app.connection_for_read() as connection:
            channel: Any = connection.default_channel
            return int(channel.queue_declare(to, passive=True).message_count)
    except (ChannelError, OperationalError, OSError):
        return 0  # nobody has sent or asked there yet


def send_work(to: str, kind: str, pk: int) -> None:
    """Say that a row waits for a worker of this queue."""
    send(TaskName.RUN, kind, pk, to=to)
