"""Waits for a database that is locked, restarted or away: results are worth the wait.

Only steps that may be done twice can be repeated like this: where the connection breaks at the
commit, nobody knows whether it was written.
"""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import InterfaceError, OperationalError, connection

from webapp.work import stopping

AWAY = (OperationalError, InterfaceError)
"""What Django raises where the database cannot do it now. Its other errors are bugs."""

PATIENCE_SECONDS = 600.0
LONGEST_PAUSE_SECONDS = 5.0

T = TypeVar("T")
logger = logging.getLogger(__name__)


def patiently(step: Callable[[], T]) -> T:
    """Do a step of one transaction, again and again until the database takes it.

    Raises:
        OperationalError, InterfaceError: it has not for ten minutes, or this worker is to stop.
    """
    ends, pause = time.monotonic() + PATIENCE_SECONDS, 0.25
    while True:
        try:
            return step()
        except AWAY as error:
            if connection.in_atomic_block or time.monotonic() >= ends or stopping.requested():
                raise
            logger.warning("waiting for the database: %s", str(error).strip())
            connection.close()
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
            stopping.wait(pause)


def if_there(step: Callable[[], T], otherwise: T) -> T:
    """What a step gives, or something else while the database is away: it is not worth waiting."""
    try:
        return step()
    except AWAY as error:
        if connection.in_atomic_block:
            raise
        logger.warning("the database is away: %s", str(error).strip())
        connection.close()
        return otherwise
