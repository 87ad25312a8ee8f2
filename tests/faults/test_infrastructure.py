"""What the infrastructure does to a trial is no result: it waits, and all comes out the same."""

import io
import os
import shutil
import signal
import sqlite3
import subprocess
import threading
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from PIL import Image

from tests.end_to_end.installation import WORKER, Espalier, installation
from tests.end_to_end.without_browser import Program
from tests.faults.killing import User, wait_for
from tests.faults.test_kills import SEARCH, token_of, trials_of
from tests.webapp.core.process_tree import command_line, find, until

LOCKED_SECONDS = 30.0
SHARED_MEMORY = Path("/dev/shm")
MIB = 1 << 20

pytestmark = pytest.mark.slow


@pytest.fixture(params=[False, True], ids=["SQLite", "PostgreSQL and Redis"])
def espalier(request: pytest.FixtureRequest, first_start: Path) -> Iterator[Espalier]:
    """On a disk that nobody else fills: with 60 MB more in it there is too little room."""
    with TemporaryDirectory(dir=SHARED_MEMORY) as name:
        kept = shutil.disk_usage(name).free - 90 * MIB
        least = {"ESPALIER_MIN_FREE_BYTES": str(kept)}
        with installation(
            Path(name) / "var", with_servers=request.param, like=first_start, **least
        ) as running:
            yield running


def test_database_and_disk_cost_a_search_nothing_but_time(espalier: Espalier) -> None:
    user = User(espalier, token_of(espalier))
    undisturbed = searched(user, "quiet")
    search = user.ask(lambda api: api.post("/searches/", SEARCH, Idempotency_Key="beset"))["id"]
    path = f"/searches/{search}/"

    until(lambda: running(user, search), "a trial under way")
    if "ESPALIER_DATABASE_URL" in espalier.environment:
        restart_postgresql(espalier)
        pages_answer(user)
        until(lambda: running(user, search), "a trial under way")
        restart_postgresql(espalier)
    else:
        lock_sqlite(espalier)
    until(lambda: running(user, search), "a trial under way")
    fill_the_disk(user, search)

    ended, _ = wait_for(lambda: user.look(path), None, 0)
    assert ended["state"] == "completed", ended
    assert trials_of(user, search) == undisturbed
    lost = espalier.rows(f"SELECT max(workers_lost) FROM searches_trial WHERE search_id = {search}")
    assert lost == [(0,)], "no worker died"


def test_a_killed_worker_shows_while_uploads_are_prepared(espalier: Espalier) -> None:
    user = User(espalier, token_of(espalier))
    search = user.ask(lambda api: api.post("/searches/", SEARCH, Idempotency_Key="beset"))["id"]
    until(lambda: running(user, search), "a trial under way", 120)
    for number in range(4):
        upload(user, number)
    stopped = hold_the_preparations(espalier, 3)
    try:
        until(lambda: running(user, search), "a trial under way", 120)
        before = interruptions(espalier, search)
        espalier.kill(WORKER)
        until(lambda: interruptions(espalier, search) > before, "that it was interrupted", 45)
        ended, _ = wait_for(lambda: user.look(f"/searches/{search}/"), None, 0)
        assert ended["state"] == "completed", "its next steps do not wait for uploads either"
    finally:
        for pid in stopped:
            os.kill(pid, signal.SIGKILL)


def searched(user: User, key: str) -> dict[str, Any]:
    search = user.ask(lambda api: api.post("/searches/", SEARCH, Idempotency_Key=key))["id"]
    ended, _ = wait_for(lambda: user.look(f"/searches/{search}/"), None, 0)
    assert ended["state"] == "completed", ended
    return trials_of(user, search)


def running(user: User, search: int) -> bool:
    """Whether a worker is at a trial now."""
    held = f"search_id = {search} AND lease_until IS NOT NULL"
    return user.espalier.rows(f"SELECT count(*) FROM searches_trial WHERE {held}") != [(0,)]


def interruptions(espalier: Espalier, search: int) -> int:
    said = espalier.rows(
        "SELECT count(*) FROM live_event e JOIN live_log l ON e.log_id = l.id WHERE"
        f" l.kind = 'search' AND l.topic_id = {search} AND e.kind = 'trial.interrupted'"
    )
    return int(said[0][0])


def lock_sqlite(espalier: Espalier) -> None:
    """Nobody else can write."""
    database = sqlite3.connect(espalier.folder / "espalier.sqlite3", timeout=60)
    database.isolation_level = None
    database.execute("BEGIN IMMEDIATE")
    threading.Event().wait(LOCKED_SECONDS)
    database.execute("ROLLBACK")
    database.close()


def restart_postgresql(espalier: Espalier) -> None:
    """Its server ends at once, whoever is connected, and begins anew."""
    url = espalier.environment["ESPALIER_DATABASE_URL"]
    port = url.rpartition(":")[2].partition("/")[0]
    (pid,) = [one for one in find(os.getpid(), "postgres -D") if f"-p {port}" in command_line(one)]
    command = Path(f"/proc/{pid}/cmdline").read_text().rstrip("\0").split("\0")
    folder, user = Path(f"/proc/{pid}/cwd").resolve(), Path(f"/proc/{pid}").stat().st_uid
    os.kill(pid, signal.SIGINT)
    until(lambda: not (folder / "data" / "postmaster.pid").exists(), "its end")
    subprocess.Popen(command, user=user, cwd=folder, stdout=-3, stderr=-3)
    until(lambda: answers(espalier), "that it answers")


def answers(espalier: Espalier) -> bool:
    try:
        return espalier.rows("SELECT 1") == [(1,)]
    except Exception:
        return False


def pages_answer(user: User) -> None:
    """Not one request fails: connections that the restart cut are not given out."""
    for _ in range(20):
        with urllib.request.urlopen(f"{user.espalier.address}/readyz") as answer:
            assert answer.status == 200
        asked = urllib.request.Request(
            f"{user.espalier.address}/api/v1/searches/",
            headers={"Authorization": f"Bearer {user.token}"},
        )
        with urllib.request.urlopen(asked) as answer:
            assert answer.status == 200


def fill_the_disk(user: User, search: int) -> None:
    """Trials wait, uploads are refused, pages say so; with room again all goes on."""
    filler = user.espalier.folder / "filler"
    filler.write_bytes(bytes(120 * MIB))
    try:
        waiting = f"search_id = {search} AND delay_code = 'disk'"
        query = f"SELECT count(*) FROM searches_trial WHERE {waiting}"
        until(lambda: user.espalier.rows(query) != [(0,)], "that a trial waits", 120)
        with pytest.raises(urllib.error.HTTPError) as refused:
            upload(user, 0)
        assert refused.value.code == 507
    finally:
        filler.unlink()


def upload(user: User, number: int) -> None:
    """A small data set."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in ("pears", "quinces"):
            for index in range(4):
                image = io.BytesIO()
                Image.new("L", (8, 8), 40 * index).save(image, "PNG")
                archive.writestr(f"{name}/{index}.png", image.getvalue())
    api = Program(user.espalier.address, user.token)
    api.post_file("/datasets/", f"{number}.zip", packed.getvalue())


def hold_the_preparations(espalier: Espalier, most: int) -> list[int]:
    """Processes that read uploads, none of which gets any further."""
    stopped: list[int] = []

    def stop_some() -> bool:
        for pid in find(espalier.process.pid, "webapp.work.child"):
            if pid not in stopped:
                os.kill(pid, signal.SIGSTOP)
                stopped.append(pid)
        return len(stopped) >= most

    until(stop_some, "that uploads are prepared", 120)
    return stopped
