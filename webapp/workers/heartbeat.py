"""A worker's sign of life: a thread that writes its row for as long as the process lives.

In a prefork pool the thread is in the child that trains: the parent forks again when a child dies,
and must not hold a connection to the database then.
"""

import logging
import os
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from django.db import Error as DatabaseFault
from django.db import IntegrityError, connection
from django.utils import timezone

from webapp.counts import counting
from webapp.work import signs, stopping
from webapp.workers import devices
from webapp.workers.models import BEAT_SECONDS, FORGOTTEN_AFTER, TRAINING_QUEUE, Worker

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Heartbeat:
    """The heartbeat of one worker."""

    name: str
    queues: Sequence[str]

    def start(self, end: Callable[[], object] = lambda: None) -> None:
        """Beat at once, then every few seconds, until the process ends.

        Args:
            end: called where the worker's GPU cannot be used: it must take no work.
        """
        threading.Thread(target=self._run, args=(end,), name="heartbeat", daemon=True).start()

    def begin(self) -> bool:
        """The first beat: since when it works, and no good-bye any more.

        Returns:
            Whether it can work; else it says good-bye at once, and why.
        """
        fault = next(iter(devices.torch_says().faults if self._trains else ()), "")
        if fault:
            logger.error("this worker takes no work: %s", fault)
        now = timezone.now()
        Worker.objects.filter(heartbeat_at__lt=now - FORGOTTEN_AFTER).delete()
        begun = {"started_at": now, "stopped_at": now if fault else None}
        told = fault or (os.environ.get(devices.GPU_FAULT, "") if self._trains else "")
        self._write({**begun, "fault": told, "queues": list(self.queues)})
        return not fault

    @property
    def _trains(self) -> bool:
        return TRAINING_QUEUE in self.queues

    def beat(self) -> None:
        """Write that it is alive, and how its device is. A good-bye stays said."""
        self._write({})

    def _write(self, more: dict[str, object]) -> None:
        host = self.name.partition("@")[2] or socket.gethostname()
        now = {"heartbeat_at": timezone.now(), "host": host, **devices.facts().columns(), **more}
        if Worker.objects.filter(name=self.name).update(**now):
            return
        with suppress(IntegrityError):  # another child of the same worker was first
            Worker.objects.create(name=self.name, **{"queues": list(self.queues), **now})

    def _run(self, end: Callable[[], object]) -> None:
        pause, has_begun = threading.Event(), False
        is_able = True
        while True:
            signs.alive()
            try:
                if has_begun:
                    self.beat()
                else:
                    is_able = self.begin()
                    if not is_able:
                        end()
                has_begun = True
                if is_able and not stopping.requested():
                    signs.written()
                counting.write()
            except DatabaseFault as error:
                # A database that is restarted comes back; until then the worker shows as offline.
                logger.warning("the heartbeat could not be written: %s", error)
            finally:
                connection.close()
            pause.wait(BEAT_SECONDS)


def say_good_bye(name: str) -> None:
    """The worker stops in good order: it is offline from now on."""
    Worker.objects.filter(name=name).update(stopped_at=timezone.now())
