"""Real PostgreSQL, Redis and S3 on private ports, from Debian's packages, gone when they are left.

`python -m tests.webapp.servers COMMAND…` runs a command with their addresses in the environment.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import boto3

from tests.webapp.core.process_tree import until

INSTALL = "apt-get install postgresql redis-server python3-swift"
HERE = "127.0.0.1"
DEBIAN_PYTHON = "/usr/bin/python3"


def program(name: str) -> str:
    """Its path. Without it the tests fail, and say how to get it."""
    places = [
        *Path("/usr/lib/postgresql").glob(f"*/bin/{name}"),
        *Path("/opt").glob(f"*/bin/{name}"),
    ]
    found = shutil.which(name) or next((str(path) for path in sorted(places, reverse=True)), None)
    if found is None:
        raise FileNotFoundError(f"{name} is not on this machine; on Debian: {INSTALL}")
    return found


def free_port(address: str = HERE) -> int:
    with socket.socket() as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])


@contextmanager
def postgresql(address: str = HERE) -> Iterator[str]:
    """An empty cluster; yields the address of its database.

    Args:
        address: of this machine, for those who come over a network.
    """
    with _folder() as folder:
        # It refuses to run as root: then it runs as the user of Debian's package.
        user = "postgres" if os.geteuid() == 0 else None
        if user:
            shutil.chown(folder, user)
        data, port = folder / "data", free_port()
        initdb = [program("initdb"), "--pgdata", str(data), "--auth", "trust", "--no-sync"]
        subprocess.run(
            [*initdb, "--username", "espalier"], user=user, cwd=folder, check=True, stdout=_NULL
        )
        with (data / "pg_hba.conf").open("a") as rules:
            rules.write(f"host all all {address}/24 trust\n")
        options = ["-c", "fsync=off", "-c", f"listen_addresses={address}", "-k", str(folder)]
        server = [program("postgres"), "-D", str(data), "-p", str(port), *options]
        with _running(server, user=user, cwd=folder):
            ready = [program("pg_isready"), "-q", "-h", address, "-p", str(port)]
            until(lambda: subprocess.run(ready, check=False).returncode == 0, "PostgreSQL")
            yield f"postgresql://espalier@{address}:{port}/postgres"


@contextmanager
def redis(address: str = HERE) -> Iterator[str]:
    """A server that writes nothing down; yields its address."""
    with _folder() as folder:
        port = free_port()
        command = [
            program("redis-server"),
            "--port",
            str(port),
            "--save",
            "",
            "--bind",
            address,
            "--protected-mode",
            "no",
        ]
        with _running(command, user=None, cwd=folder):
            until(lambda: _listens(port, address), "Redis")
            yield f"redis://{address}:{port}/0"


@contextmanager
def s3(address: str = HERE) -> Iterator[dict[str, str]]:
    """OpenStack Swift with an empty bucket; yields the environment that names it."""
    if subprocess.run([DEBIAN_PYTHON, "-Ic", "import swift"], check=False).returncode:
        raise FileNotFoundError(f"Swift is not on this machine; on Debian: {INSTALL}")
    with _folder() as folder:
        port, inner = free_port(address), [free_port() for _ in range(3)]
        script = Path(__file__).with_name("swift_servers.py")
        key, secret = "espalier:tests", "pears-and-quinces"
        command = [DEBIAN_PYTHON, "-I", str(script), str(folder / "swift"), address, str(port)]
        with _running([*command, key, secret, *map(str, inner)], user=None, cwd=folder):
            until(lambda: _listens(port, address) and all(map(_listens, inner)), "Swift")
            client = boto3.client(
                "s3",
                endpoint_url=f"http://{address}:{port}",
                aws_access_key_id=key,
                aws_secret_access_key=secret,
                region_name="us-east-1",
            )
            client.create_bucket(Bucket="espalier")
            yield {
                "ESPALIER_S3_BUCKET": "espalier",
                "ESPALIER_S3_ENDPOINT": f"http://{address}:{port}",
                "ESPALIER_S3_REGION": "us-east-1",
                "ESPALIER_S3_ACCESS_KEY": key,
                "ESPALIER_S3_SECRET_KEY": secret,
            }


@contextmanager
def both() -> Iterator[dict[str, str]]:
    """The environment that names them."""
    with ExitStack() as stack:
        yield {
            "ESPALIER_DATABASE_URL": stack.enter_context(postgresql()),
            "ESPALIER_REDIS_URL": stack.enter_context(redis()),
        }


_NULL = subprocess.DEVNULL


@contextmanager
def _folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="espalier-server-"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def _running(command: list[str], *, user: str | None, cwd: Path) -> Iterator[None]:
    server = subprocess.Popen(command, user=user, cwd=cwd, stdout=_NULL, stderr=_NULL)
    try:
        yield
    finally:
        server.send_signal(signal.SIGINT)  # PostgreSQL: now, and not once all have left
        try:
            server.wait(timeout=10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _listens(port: int, address: str = HERE) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((address, port)) == 0


if __name__ == "__main__":
    with both() as addresses:
        sys.exit(subprocess.run(sys.argv[1:], env={**os.environ, **addresses}).returncode)
