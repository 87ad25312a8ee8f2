"""A backup that is taken while everything runs, and taken back somewhere else."""

import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.end_to_end.installation import ROOT, Espalier, installation, start_espalier
from tests.faults.killing import User, wait_for
from tests.faults.test_infrastructure import running, searched
from tests.faults.test_kills import SEARCH, token_of, trials_of
from tests.webapp import servers
from tests.webapp.core.process_tree import until

pytestmark = pytest.mark.slow

SECRET = {"ESPALIER_HTTPS": "0", "ESPALIER_SECRET_KEY": "x1" * 30}


def manage(espalier_environment: Mapping[str, str], *command: str) -> str:
    """What `manage.py` says."""
    own = {name: v for name, v in os.environ.items() if not name.startswith("ESPALIER_")}
    own.pop("DJANGO_SETTINGS_MODULE", None)
    done = subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        env={**own, **espalier_environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("with_servers", [False, True], ids=["SQLite", "PostgreSQL and Redis"])
def test_a_search_goes_on_where_its_backup_was_taken(
    with_servers: bool, tmp_path: Path, first_start: Path
) -> None:
    backup, folder = tmp_path / "backup.tar", tmp_path / "var"
    with installation(folder, with_servers=with_servers, like=first_start) as espalier:
        user = User(espalier, token_of(espalier))
        undisturbed = searched(user, "quiet")
        search = user.ask(lambda api: api.post("/searches/", SEARCH, Idempotency_Key="b"))["id"]
        done = f"SELECT count(*) FROM searches_trial WHERE search_id = {search}"
        until(lambda: espalier.rows(done)[0][0] > 3 and running(user, search), "its midst", 300)
        assert "rows and their files" in manage(espalier.environment, "backup", str(backup))

    other = tmp_path / "other"
    other.mkdir()
    with ExitStack() as stack:
        more = {**stack.enter_context(servers.both()), **SECRET} if with_servers else {}
        manage({"ESPALIER_VAR": str(other), **more}, "restore", str(backup))
        restored = start_espalier(other, **more)
        stack.callback(stop, restored)
        user = User(restored, user.token)
        ended, _ = wait_for(lambda: user.look(f"/searches/{search}/"), None, 0)
        assert ended["state"] == "completed", ended
        assert trials_of(user, search) == undisturbed
        assert "no differences" in manage(restored.environment, "verify_files")


def stop(espalier: Espalier) -> None:
    """Whatever happened."""
    if espalier.process.poll() is None:
        espalier.stop()
