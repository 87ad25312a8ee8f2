"""A worker's sign of life: a thread that writes its row for as long as the process lives.

In a prefork pool the thread is in the child that trains: the parent forks again when a child dies,
and must not hold a connection to the database then.
"""

import logging
import socket
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from django.db import Error as DatabaseFault
from django.db import IntegrityError, connection
from django.utils import timezone

from webapp.workers import devices
from webapp.workers.models import BEAT_SECONDS, FORGOTTEN_AFTER, Worker

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Heartbeat:
    """Of one worker.

    Args:
        name: Celery's, `gpu0@host`.
        queues: from which it takes tasks.
    """

    name: str
    queues: Sequence[str]

    def start(self) -> None:
        """Beat at once, then every few seconds, until the process ends."""
        threading.Thread(target=self._run, name="heartbeat", daemon=True).start()

    def begin(self) -> None:
        """The first beat: since when it works, and no good-bye any more."""
        now = timezone.now()
        Worker.objects.filter(heartbeat_at__lt=now - FORGOTTEN_AFTER).delete()
        self._write({"started_at": now, "stopped_at": None, "queues": list(self.queues)})

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

    def _run(self) -> None:
        pause = threading.Event()
        write = self.begin
        while True:
            try:
                write()
                write = self.beat
            except DatabaseFault as error:
                # A database that is restarted comes back; until then the worker shows as offline.
                logger.warning("the heartbeat could not be written: %s", error)
            finally:
                connection.close()
            pause.wait(BEAT_SECONDS)


def say_good_bye(name: str) -> None:
    """The worker stops in good order: it is offline from now on."""
    Worker.objects.filter(name=name).update(stopped_at=timezone.now())
