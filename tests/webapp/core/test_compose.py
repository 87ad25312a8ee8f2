"""What `docker compose up` runs, without Docker: every command, really, in what the image holds.

The files are read as Docker reads them: the image's files are those that the Dockerfile copies, and
its environment and Compose's count. PostgreSQL and Redis are this machine's own.
"""

import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from tests.webapp import servers
from tests.webapp.core.commands import ROOT
from tests.webapp.core.process_tree import find, until

DOCKERFILE = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
GIVEN = {
    "ESPALIER_SECRET_KEY": "0123456789abcdef" * 4,
    "POSTGRES_PASSWORD": "walnut",
    "ESPALIER_HTTPS": "off",  # no proxy here
}
PROXY = {"ESPALIER_TRUSTED_PROXIES": "10.0.0.5"}
OURS = ("web", "coordinator", "clock", "worker")
MAKE_TOKEN = """
from webapp.accounts.models import User
from webapp.accounts.services import issue_token, set_up
user = set_up(username="ada", email="", password="a long walk among pear trees")
print(issue_token(user, name="test", expires_at=None)[1])
"""


def filled(node: Any) -> Any:
    """With Compose's `${NAME}`, `${NAME:-otherwise}` and `${NAME:?must be set}` in every text."""
    if isinstance(node, dict):
        return {key: filled(value) for key, value in node.items()}
    if isinstance(node, list):
        return [filled(value) for value in node]
    return VARIABLE.sub(_value, node) if isinstance(node, str) else node


def _value(found: re.Match[str]) -> str:
    name, how, otherwise = found.groups()
    return str(otherwise) if how == ":-" and name not in GIVEN else GIVEN[name]


VARIABLE = re.compile(r"\$\{(\w+)(?:(:-|:\?)([^}]*))?\}")
COMPOSE: dict[str, Any] = filled(yaml.safe_load((ROOT / "compose.yaml").read_text()))


def dockerfile(instruction: str) -> list[str]:
    return re.findall(rf"^{instruction} (.*)$", DOCKERFILE, re.MULTILINE)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the image holds, and no more."""
    app: Path = tmp_path_factory.mktemp("app")
    for line in dockerfile("COPY"):
        *sources, target = line.split()
        for source in sources:
            place = app / target / source if target in (".", "./") else app / target
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, place, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / source, place)
    (compiles,) = [line for line in dockerfile("RUN") if "compileall" in line]
    subprocess.run(shlex.split(compiles.replace("python", sys.executable, 1)), cwd=app, check=True)
    return app


class Stack:
    """The services, started one by one as their commands say."""

    def __init__(self, image: Path, files: Path, places: Mapping[str, str]) -> None:
        self._image, self._files, self._places = image, files, places
        self.port = servers.free_port()
        # Containers have ports of their own, and here all services share this machine's.
        self.ports = {name: servers.free_port() for name in OURS} | {"web": self.port}

    def environment(self, service: str) -> dict[str, str]:
        """The image's, Compose's, and a PATH on which this environment's programs come first."""
        given = shlex.split(" ".join(dockerfile("ENV")))
        found = dict(entry.split("=", 1) for entry in given)
        found |= COMPOSE["services"][service]["environment"]
        for name, place in self._places.items():
            found = {key: value.replace(name, place) for key, value in found.items()}
        if service in self.ports:
            found[HEALTH_PORT] = str(self.ports[service])
        home, path = self._files.parent, f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        return found | {"ESPALIER_VAR": str(self._files), "PATH": path, "HOME": str(home)}

    def command(self, service: str) -> list[str]:
        """Compose's, or else the image's own."""
        command = COMPOSE["services"][service].get("command") or json.loads(dockerfile("CMD")[0])
        return [str(self.port) if word == "8000" else word for word in command]

    def run(self, *command: str, **more: str) -> str:
        """Something in a container of its own, to its end; what it said."""
        environment = self.environment("web") | more
        ended = subprocess.run(
            command, cwd=self._image, env=environment, capture_output=True, text=True, check=False
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    @contextmanager
    def service(self, name: str) -> Iterator[int]:
        """One that stays; stopped as Docker stops it, by SIGTERM to its first process alone.

        Yields:
            The number of that process.
        """
        log = self._files.parent / f"{name}.log"
        with log.open("w") as said:
            process = subprocess.Popen(
                self.command(name),
                cwd=self._image,
                env=self.environment(name),
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            yield process.pid
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=30) in (0, -signal.SIGTERM), log.read_text()
            assert "Traceback" not in log.read_text(), log.read_text()
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


@pytest.fixture(scope="module")
def stack(image: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """With its databases, prepared: nothing of ours has started yet."""
    files = tmp_path_factory.mktemp("volumes") / "files"
    files.mkdir()
    with servers.postgresql() as postgresql, servers.redis() as redis:
        with psycopg.connect(postgresql, autocommit=True) as connection:
            connection.execute("create database espalier")
        places = {
            "postgres:5432": re.sub(r".*@|/.*", "", postgresql.removeprefix("postgresql://")),
            "redis:6379": re.sub(r"/.*", "", redis.removeprefix("redis://")),
        }
        made = Stack(image, files, places)
        made.run(*made.command("prepare"))
        yield made


def request(address: str, token: str = "", body: Mapping[str, Any] | None = None) -> Any:
    headers = {"Content-Type": "application/json"} | (
        {"Authorization": f"Bearer {token}"} if token else {}
    )
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(address, data, headers)) as answer:
        return json.load(answer)


def test_a_search_runs_on_the_services_that_compose_starts(stack: Stack) -> None:
    token = stack.run("python", "manage.py", "shell", "--verbosity", "0", "-c", MAKE_TOKEN).strip()
    with ExitStack() as running:
        for name in OURS:
            running.enter_context(stack.service(name))
        until(lambda: listens(stack.port), "the web process")
        for name in OURS:
            until(partial(is_healthy, stack, name), f"{name} to be healthy", 120)
        searches = f"http://127.0.0.1:{stack.port}/api/v1/searches/"
        launched = request(searches, token, small_search())
        address = f"{searches}{launched['id']}/"
        until(lambda: request(address, token)["state"] == "completed", "the search's end", 180)
        found = request(address, token)
        workers = request(f"http://127.0.0.1:{stack.port}/api/v1/workers/", token)["results"]
    assert (found["trials_completed"], found["trials_failed"]) == (2, 0)
    # A row each, on one host too: who shares a name would pass for the other.
    assert {worker["name"].split("@")[0] for worker in workers} == {"cpu", "gpu"}


def small_search() -> dict[str, Any]:
    recipe = {"epochs": 1, "learning_rate": 0.1}
    config = {
        "start_recipe": recipe,
        "start_rounds": {"max_rounds": 1},
        "recipe": recipe,
        "budget": {"max_trials": 2},
        "control": 0,
        "confirmation": {"finalists": 0},
    }
    return {"name": "Composed", "preset": "digits-demo", "config": config}


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def health_command(stack: Stack, name: str) -> list[str]:
    check = COMPOSE["services"][name]["healthcheck"]["test"]
    assert check[0] == "CMD"
    own = "8000" if name == "web" else COMPOSE["services"][name]["environment"][HEALTH_PORT]
    return [word.replace(f":{own}/", f":{stack.ports[name]}/") for word in check[1:]]


HEALTH_PORT = "ESPALIER_HEALTH_PORT"


def is_healthy(stack: Stack, name: str) -> bool:
    command, environment = health_command(stack, name), stack.environment(name)
    return subprocess.run(command, env=environment, capture_output=True).returncode == 0


def test_every_service_that_stays_is_asked_whether_it_is_healthy(stack: Stack) -> None:
    for name, service in COMPOSE["services"].items():
        assert service["healthcheck"].get("test") or name == "prepare", name
    for name in OURS:  # nobody is there
        with pytest.raises(AssertionError, match="refused"):
            stack.run(*health_command(stack, name))


def test_web_processes_serve_static_files(stack: Stack) -> None:
    with stack.service("web") as leader:
        until(lambda: len(find(leader, "spawn_main")) == 2, "two processes behind one address")
        until(lambda: listens(stack.port), "the web process")
        with urllib.request.urlopen(f"http://127.0.0.1:{stack.port}/setup/") as page:
            style = re.search(r'href="(/static/css/[^"]+\.css)"', page.read().decode())
        assert style is not None
        with urllib.request.urlopen(f"http://127.0.0.1:{stack.port}{style[1]}") as sheet:
            assert "immutable" in sheet.headers["Cache-Control"]


def test_django_has_nothing_to_say_against_what_compose_sets(stack: Stack) -> None:
    arguments = ("check", "--deploy", "--fail-level", "WARNING")
    said = stack.run("python", "manage.py", *arguments, ESPALIER_HTTPS="on", **PROXY)
    assert "no issues" in said


def test_servers_are_asked_whether_they_are_healthy_by_programs_that_they_have(
    stack: Stack,
) -> None:
    for name, place in (("postgres", "postgres:5432"), ("redis", "redis:6379")):
        check = COMPOSE["services"][name]["healthcheck"]["test"]
        assert check[0] == "CMD"
        host, port = stack.environment("web")[URLS[name]].split("@")[-1].split("/")[-2].split(":")
        asked = [servers.program(check[1]), "-h", host, "-p", port, *check[2:]]
        assert subprocess.run(asked, check=False, stdout=subprocess.DEVNULL).returncode == 0, place


URLS = {"postgres": "ESPALIER_DATABASE_URL", "redis": "ESPALIER_REDIS_URL"}


def test_services_wait_for_what_they_need() -> None:
    for name in OURS:
        assert COMPOSE["services"][name]["depends_on"] == {
            "prepare": {"condition": "service_completed_successfully"}
        }
    waits = COMPOSE["services"]["prepare"]["depends_on"]
    assert set(waits) == {"postgres", "redis"}
    assert set(COMPOSE["services"]) == {*OURS, *waits, "prepare"}


def test_the_small_image_takes_torch_from_the_index_of_cpu_builds() -> None:
    (line,) = [run for run in dockerfile("RUN") if "pip install" in run]
    chosen = re.search(r"(grep .*? requirements\.txt)", line)
    assert chosen is not None
    found = subprocess.run(["bash", "-c", chosen[1]], cwd=ROOT, capture_output=True, text=True)
    assert re.fullmatch(r"torch==[\d.]+\ntorchvision==[\d.]+\n", found.stdout)
    assert "--index-url https://download.pytorch.org/whl/cpu" in line
