"""Sends tasks by name, so that who sends them imports nothing of what they do."""

import logging
from functools import partial

from django.db import transaction
from kombu.exceptions import OperationalError

from webapp.celery import app
from webapp.task_names import TaskName

__all__ = ["TaskName", "send", "send_on_commit"]

logger = logging.getLogger(__name__)


def send(task: TaskName, *ids: int) -> None:
    """Send now. A broker that is away loses nothing: rows say what is due, recovery sends it."""
    try:
        app.send_task(str(task), args=list(ids), retry=False)
    except (OperationalError, OSError) as error:
        logger.warning("the broker did not take %s%s: %s", task, ids, error)


def send_on_commit(task: TaskName, *ids: int) -> None:
    """Send once the rows that the task will look for are there to be found."""
    transaction.on_commit(partial(send, task, *ids))
