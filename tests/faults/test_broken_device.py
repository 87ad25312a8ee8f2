"""A broken CUDA context ends the worker's process; the next one starts clean, and does the work."""

from pathlib import Path

import pytest

from tests.end_to_end.installation import WORKER, installation
from tests.faults.killing import User, wait_for
from tests.faults.test_kills import SEARCH, token_of
from tests.webapp.core.process_tree import command_line, find, until

pytestmark = pytest.mark.slow


def test_the_process_ends_and_the_trial_is_tried_in_another(
    tmp_path: Path, first_start: Path
) -> None:
    own = {"DJANGO_SETTINGS_MODULE": "tests.faults.broken_device.settings"}
    with installation(tmp_path / "var", with_servers=False, like=first_start, **own) as espalier:
        user = User(espalier, token_of(espalier))
        until(lambda: len(find(espalier.process.pid, WORKER)) >= 2, "a worker with its child")
        before = set(find(espalier.process.pid, WORKER))
        search = user.ask(lambda api: api.post("/searches/", SEARCH, Idempotency_Key="b"))["id"]
        met = espalier.folder / "broken"
        until(met.exists, "the first trial", 180)
        broken = int(met.read_text())
        until(lambda: not command_line(broken), "the end of its process")
        ended, _ = wait_for(lambda: user.look(f"/searches/{search}/"), None, 0)
        assert ended["state"] == "completed", ended
        assert (ended["trials_failed"], user.resumed) == (0, 0)
        after = set(find(espalier.process.pid, WORKER))
        assert before - after == {broken}, "the worker itself lives on"
        lost = f"SELECT sum(workers_lost) FROM searches_trial WHERE search_id = {search}"
        assert espalier.rows(lost) == [(1,)]
