"""An installation of version 1 that lost its power while it worked starts anew, and all goes on.

Driven from outside, by pages and API, with the processes of `make run`.
"""

import io
import json
import subprocess
import threading
import urllib.error
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.end_to_end.installation import start_espalier
from tests.end_to_end.without_browser import Program, SignedIn
from tests.version_1 import unpacked_in
from tests.webapp import servers
from tests.webapp.core.process_tree import until

MINUTES = 60.0
About = dict[str, Any]


class Old(NamedTuple):
    """An installation of version 1, started by this version.

    Args:
        about: what version 1 said of it.
    """

    address: str
    about: About
    has_servers: bool


@pytest.fixture(params=["embedded", "servers"])
def old_installation(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Old]:
    folder = unpacked_in(tmp_path / "version-1") / request.param
    with ExitStack() as stack:
        environment = {"ESPALIER_CPU_WORKERS": "2"}
        if request.param == "servers":
            environment |= stack.enter_context(servers.both())
            environment |= {"ESPALIER_HTTPS": "0", "ESPALIER_SECRET_KEY": "x1" * 30}
            load(environment["ESPALIER_DATABASE_URL"], folder / "database.sql")
        espalier = start_espalier(folder / "var", **environment)
        stack.callback(espalier.stop)
        about = json.loads((folder / "about.json").read_text())
        yield Old(espalier.address, about, request.param == "servers")


def load(url: str, dump: Path) -> None:
    command = [servers.program("psql"), "--quiet", "--set", "ON_ERROR_STOP=1", "--dbname", url]
    with dump.open() as sql:
        subprocess.run(command, stdin=sql, stdout=subprocess.DEVNULL, check=True)


def test_what_version_1_left_is_there_and_goes_on(old_installation: Old) -> None:
    address, about, has_servers = old_installation
    api = Program(address, about["token"])
    searches, trainings = about["searches"], about["final_trainings"]
    paused = (
        f"/searches/{searches['paused']['id']}/",
        f"/final-trainings/{trainings['paused']['id']}/",
    )
    assert [api.get(path)["state"] for path in paused] == ["paused", "paused"]
    if not has_servers:  # nothing of a database is in how they go on
        for path in paused:
            api.post(f"{path}resume/")
    check_accounts_and_pages(address, about)
    check_completed(api, about)
    check_own_network_and_dataset(api, about)

    check_training_goes_on(api, trainings["running"])
    check_search_completes(api, searches["running"], 6)
    if not has_servers:
        check_search_completes(api, searches["paused"], 5)
        check_training_completes(api, trainings["paused"])
    export = f"/checkpoints/{about['checkpoint']}/exports/safetensors/"  # it waited when power went
    wait(lambda: api.get(export)["state"] == "completed", "the export", 2 * MINUTES)


def wait(condition: Callable[[], bool], what: str, seconds: float) -> None:
    """Ask twice a second: what is waited for has the processors to itself between two questions."""
    pause = threading.Event()
    until(lambda: condition() or pause.wait(0.5), what, seconds)


def check_accounts_and_pages(address: str, about: About) -> None:
    """The owner sees everything, a reader what is shared, and both have their passwords."""
    ada, bob = SignedIn(address), SignedIn(address)
    for user, name in ((ada, about["user"]), (bob, "bob")):
        user.submit("/sign-in/", username=name, password=about["password"])
    completed, paused = (about["searches"][name]["id"] for name in ("completed", "paused"))
    training = about["final_trainings"]["completed"]["id"]
    for path, words in {
        "/": "New search",
        f"/searches/{completed}/": "Completed",
        f"/searches/{completed}/trials/1/": "Trial 1",
        f"/final-trainings/{training}/": "Trained",
        "/checkpoints/": "Trained",
        f"/checkpoints/{about['checkpoint']}/": "ONNX",
        "/datasets/": "Pears",
        "/workers/": "cpu0@",
    }.items():
        assert words in ada.page(path), path
    assert "Completed" in bob.page(f"/searches/{completed}/")
    with pytest.raises(urllib.error.HTTPError, match="404"):
        bob.page(f"/searches/{paused}/")


def check_completed(api: Program, about: About) -> None:
    """What had ended has kept its numbers and files."""
    before = about["searches"]["completed"]
    assert said_of_trials(api, before) == before["trials"]
    search = api.get(f"/searches/{before['id']}/")
    assert (search["note"], search["tags"]) == ("The first.", ["digits"])
    assert is_checkpoint(api.download(f"/searches/{before['id']}/download/"))
    checkpoint = f"/checkpoints/{about['checkpoint']}"
    assert is_checkpoint(api.download(f"{checkpoint}/download/"))
    assert b"pytorch" in api.download(f"{checkpoint}/exports/onnx/download/")
    assert api.get(f"{checkpoint}/measurement/")["latency_1"] > 0
    assert api.get(f"{checkpoint}/")["can_start"], "what has grown cannot grow further"
    trained = about["final_trainings"]["completed"]
    training = api.get(f"/final-trainings/{trained['id']}/")
    assert {name: training[name] for name in trained} == trained
    assert is_checkpoint(api.download(f"/checkpoints/{training['checkpoint']}/download/"))


def check_own_network_and_dataset(api: Program, about: About) -> None:
    """A search could start from the network; the images could be searched."""
    network = api.get(f"/start-networks/{about['start_network']}/")
    assert (network["state"], len(network["sites"])) == ("completed", 2)
    assert api.get(f"/checkpoints/{network['checkpoint']}/")["can_start"]
    assert is_checkpoint(api.download(f"/checkpoints/{network['checkpoint']}/download/"))
    dataset = api.get(f"/datasets/{about['dataset']}/")
    assert (dataset["state"], dataset["image_count"]) == ("completed", 60)


def check_search_completes(api: Program, before: About, trials: int) -> None:
    """What it had found stays, the rest is added, and nothing happened twice."""
    path = f"/searches/{before['id']}/"
    wait(lambda: api.get(path)["state"] == "completed", before["state"], 5 * MINUTES)
    after = said_of_trials(api, before)
    assert [(t["number"], t["state"]) for t in after] == [
        (number, "completed") for number in range(1, trials + 1)
    ]
    assert all(trial in after for trial in before["trials"] if trial["state"] == "completed")
    events = api.get(f"{path}events/?limit=5000")["events"]
    sequences = [event["sequence"] for event in events]
    assert sequences == sorted(set(sequences))
    for kind in ("trial.created", "trial.completed"):
        numbers = [event["payload"]["number"] for event in events if event["kind"] == kind]
        assert sorted(numbers) == list(range(1, trials + 1))


def check_training_goes_on(api: Program, before: About) -> None:
    """It does from its last complete epoch; it is too long to be waited for."""
    path, done = f"/final-trainings/{before['id']}/", len(before["history"])
    wait(lambda: len(api.get(path)["history"]) > done + 1, "two epochs more", 3 * MINUTES)
    assert api.get(path)["history"][:done] == before["history"]
    api.post(f"{path}cancel/")
    wait(lambda: api.get(path)["state"] == "cancelled", "the end", MINUTES)


def check_training_completes(api: Program, before: About) -> None:
    path, done = f"/final-trainings/{before['id']}/", len(before["history"])
    wait(lambda: api.get(path)["state"] == "completed", "a final training", 5 * MINUTES)
    history = api.get(path)["history"]
    assert history[:done] == before["history"]
    assert len(history) == 20


def said_of_trials(api: Program, search: About) -> list[About]:
    """Of each trial what version 1 said of it."""
    trials = api.get(f"/searches/{search['id']}/live/")["trials"]
    return [{name: trial[name] for name in search["trials"][0]} for trial in trials]


def is_checkpoint(content: bytes) -> bool:
    names = {Path(name).name for name in zipfile.ZipFile(io.BytesIO(content)).namelist()}
    return {"checkpoint.json", "weights.safetensors"} <= names
