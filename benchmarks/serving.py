"""The web process as in production, in a folder that is thrown away: for benchmarks and pictures.

Static files are collected and compressed, DEBUG is off, and the command is the one that `make run`
starts. With ESPALIER_DATABASE_URL and ESPALIER_REDIS_URL it runs on PostgreSQL and Redis.
"""

import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.webapp.core.process_tree import until
from webapp.embedded.processes import process_lines

ROOT = Path(__file__).parents[1]
START_SECONDS = 60


@dataclass(frozen=True)
class Serving:
    """A running web process.

    Args:
        address: such as `http://localhost:8123`.
        process: its number.
        environment: in which other processes see the same database and files.
    """

    address: str
    process: int
    environment: dict[str, str]

    def processor_seconds(self) -> float:
        """Seconds of processor time that all web processes have used so far."""
        stats = [Path(f"/proc/{one}/stat").read_text() for one in self._processes()]
        fields = [stat.rpartition(")")[2].split() for stat in stats]
        return sum(int(f[11]) + int(f[12]) for f in fields) / os.sysconf("SC_CLK_TCK")

    def megabytes(self) -> float:
        """Memory that is resident for all web processes; what they share counts for each."""
        stats = [Path(f"/proc/{one}/statm").read_text() for one in self._processes()]
        return sum(int(stat.split()[1]) for stat in stats) * os.sysconf("SC_PAGE_SIZE") / 1e6

    def _processes(self) -> list[int]:
        """The process that was started, and its children where there are several web processes."""
        children = Path(f"/proc/{self.process}/task/{self.process}/children").read_text()
        return [self.process, *map(int, children.split())]

    def call(self, function: str, *arguments: Any) -> Any:
        """Call a function of the project in a process that Django is set up in.

        Args:
            function: such as `benchmarks.filling.fill`.
            arguments: plain values.

        Returns:
            What it returned, as JSON.
        """
        return call(self.environment, function, *arguments)


@contextmanager
def serving(**settings: str) -> Iterator[Serving]:
    """Prepare everything, serve, and stop.

    Args:
        settings: environment variables on top, such as `ESPALIER_REDIS_URL`.
    """
    folder = Path(tempfile.mkdtemp(prefix="espalier-benchmark-"))
    try:
        environment = _environment(folder, settings)
        prepare = [sys.executable, "-m", "webapp.embedded.preparation"]
        subprocess.run(prepare, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
        with web_process(environment) as (address, process):
            yield Serving(address, process, environment)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def web_process(environment: dict[str, str]) -> Iterator[tuple[str, int]]:
    """Serve with these settings on a free port; yields its address and process number."""
    port = _free_port()
    line = next(
        line
        for line in process_lines(
            host="127.0.0.1",
            port=port,
            cpu_workers=1,
            web_processes=int(environment.get("ESPALIER_WEB_PROCESSES", "1")),
        )
        if line.name == "web"
    )
    process = subprocess.Popen(shlex.split(line.command), cwd=ROOT, env=environment)
    try:
        address = f"http://localhost:{port}"
        until(lambda: _answers(address, process), "the web process", START_SECONDS)
        yield address, process.pid
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)


def call(environment: dict[str, str], function: str, *arguments: Any) -> Any:
    """Call a function in a process that Django is set up in, with these settings."""
    module, _, name = function.rpartition(".")
    given = ", ".join(repr(argument) for argument in arguments)
    code = f"import json, {module} as m; print('answer:' + json.dumps(m.{name}({given})))"
    command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", code]
    try:
        said = subprocess.run(
            command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True
        ).stdout
    except subprocess.CalledProcessError as error:
        raise RuntimeError(f"{function}: {error.stdout}") from error
    return json.loads(said.rpartition("answer:")[2])


def _environment(folder: Path, settings: dict[str, str]) -> dict[str, str]:
    outer = {name: v for name, v in os.environ.items() if not name.startswith("ESPALIER_")}
    outer.pop("DJANGO_SETTINGS_MODULE", None)
    ours = {
        "ESPALIER_VAR": str(folder),
        "ESPALIER_HTTPS": "0",  # the browser stands on the same machine
        "ESPALIER_SECRET_KEY": "only-for-benchmarks-" * 4,
        "ESPALIER_LOG_LEVEL": "WARNING",
        "OMP_NUM_THREADS": "1",
    }
    return {**outer, **ours, **settings}


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(address: str, process: "subprocess.Popen[bytes]") -> bool:
    if process.poll() is not None:
        raise RuntimeError(f"the web process ended with {process.returncode}")
    try:
        with urllib.request.urlopen(f"{address}/healthz", timeout=5):
            return True
    except OSError:
        return False
