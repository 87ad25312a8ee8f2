"""An Espalier with its own folder, started as `make run` starts it, and what may befall it."""

import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import urllib.parse
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import redis

from tests.webapp import servers
from tests.webapp.core.process_tree import command_line, find, until

ROOT = Path(__file__).parents[2]
WEB, WORKER, COORDINATOR = "webapp.asgi", "worker --queues gpu", "worker --queues cpu"


@dataclass
class Espalier:
    """A running Espalier.

    Args:
        address: of its first page, without a slash at the end.
        process: what `make run` starts.
        environment: its own variables, those of servers beside it included.
    """

    address: str
    folder: Path
    process: subprocess.Popen[str]
    environment: Mapping[str, str]

    def stop(self) -> int:
        """Press Ctrl-C, once, and wait; the exit status."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=90)

    def restart(self) -> None:
        """Press Ctrl-C, which ends it in good order, and start it again at the same address."""
        assert self.stop() == 0
        self.process = start_espalier(self.folder, **self.environment).process

    def kill(self, words: str) -> None:
        """SIGKILL to the processes with these words in their command, children included."""
        pids = find(self.process.pid, words)
        assert pids, f"there is no {words}"
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        until(lambda: not any(words in command_line(pid) for pid in pids), "their end")

    def empty_broker(self) -> None:
        """All messages are gone, as with a broker that starts anew."""
        if url := self.environment.get("ESPALIER_REDIS_URL"):
            with redis.Redis.from_url(url) as client:
                client.flushall()
        else:
            for message in (self.folder / "broker" / "messages").iterdir():
                message.unlink(missing_ok=True)

    def waiting_messages(self) -> int:
        """For workers, in the broker."""
        if url := self.environment.get("ESPALIER_REDIS_URL"):
            with redis.Redis.from_url(url) as client:
                return int(client.llen("gpu"))
        return len(list((self.folder / "broker" / "messages").glob("*.gpu.*")))

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What the database says, past everything of ours."""
        if url := self.environment.get("ESPALIER_DATABASE_URL"):
            with psycopg.connect(url) as connection:
                return list(connection.execute(query.encode()))
        file = urllib.parse.quote(str(self.folder / "espalier.sqlite3"))
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=20)) as database:
            return list(database.execute(query))


def start_espalier(folder: Path, **more: str) -> Espalier:
    """Start everything on a free port, and wait until it says where it is.

    Args:
        more: environment variables.
    """
    environment = {name: v for name, v in os.environ.items() if not name.startswith("ESPALIER_")}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    own = {
        "ESPALIER_VAR": str(folder),
        "ESPALIER_PORT": str(servers.free_port()),
        "ESPALIER_CPU_WORKERS": "1",  # each takes seconds to load torch
        **more,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "webapp.embedded"],
        cwd=ROOT,
        env={**environment, **own},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if found := re.search(r"Espalier is at (http://\S+)/", line):
            _keep_reading(process, folder)
            return Espalier(found[1], folder, process, own)
    raise RuntimeError("".join(said))


def _keep_reading(process: "subprocess.Popen[str]", folder: Path) -> None:
    """A pipe that nobody empties would hold everything up."""

    def read() -> None:
        assert process.stdout is not None
        with process.stdout, (folder / "said.log").open("a") as log:
            log.writelines(process.stdout)

    threading.Thread(target=read, daemon=True).start()


@contextmanager
def installation(
    folder: Path, *, with_servers: bool, like: Path | None = None, **more: str
) -> Iterator[Espalier]:
    """Everything, started; stopped in the end whatever happens.

    Args:
        with_servers: PostgreSQL and Redis, empty ones, and not files.
        like: a folder that the files are a copy of at first; without it, this is a first start.
        more: environment variables.
    """
    if like is not None:
        shutil.copytree(like, folder)
    if with_servers:
        secret = {"ESPALIER_HTTPS": "0", "ESPALIER_SECRET_KEY": "x1" * 30}
        with servers.both() as addresses, _started(folder, **addresses, **secret, **more) as one:
            yield one
    else:
        with _started(folder, **more) as one:
            yield one


@contextmanager
def _started(folder: Path, **more: str) -> Iterator[Espalier]:
    running = start_espalier(folder, **more)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.stop()
        sys.stdout.write((folder / "said.log").read_text())  # pytest shows it where a test failed
