"""What a worker does about its claim while it works: renews the lease, and hears of cancelling."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import Error as DatabaseFault
from django.db import connection

from webapp import stopping
from webapp.searches.models import LEASE

RENEW_SECONDS = LEASE.total_seconds() / 4
LOOK_SECONDS = 0.5

logger = logging.getLogger(__name__)


@contextmanager
def renewed(renew: Callable[[], bool]) -> Iterator[None]:
    """Renew a lease beside the work, which may be silent for long: loading, morphing, validating.

    A thread dies with its process, so a killed worker is noticed; it ends when its token is old.
    """
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(RENEW_SECONDS):
            try:
                if not renew():
                    break
            except DatabaseFault as error:
                # A database that is restarted comes back; if the lease ran out, the token tells.
                logger.warning("a lease could not be renewed: %s", error)
            finally:
                connection.close()

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


class Stop:
    """Whether the work is to be given up; asked at every step, it looks twice a second.

    Args:
        is_given_up: reads from the database whether it was cancelled.
    """

    def __init__(self, is_given_up: Callable[[], bool]) -> None:
        self._is_given_up = is_given_up
        self._looked = time.monotonic()
        self.given_up = False
        self.token_is_old = False

    def __call__(self) -> bool:
        now = time.monotonic()
        if now - self._looked >= LOOK_SECONDS:
            self._looked = now
            self.given_up = self.given_up or self._is_given_up()
        return self.given_up or self.token_is_old or stopping.requested()


class Throttle:
    """Lets something through at most twice a second."""

    def __init__(self, seconds: float = 0.5) -> None:
        self._seconds = seconds
        self._last = float("-inf")

    def passes(self) -> bool:
        now = time.monotonic()
        if now - self._last < self._seconds:
            return False
        self._last = now
        return True
