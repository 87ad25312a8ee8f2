"""A folder as a first start leaves it: tables, data sets, static files. Copied, never used.

Whatever does not try out a first start begins with a copy, and saves itself its ten seconds.
"""

import fcntl
from pathlib import Path

from tests.webapp.core.commands import python

PREPARE_DATASETS = """
import django
django.setup()
from webapp.datasets.kinds import PREPARATION
from webapp.work import runner
for waiting in PREPARATION.waiting():
    runner.run(PREPARATION.name, waiting.pk, "first start")
"""
"""Those of this machine that its first worker would prepare: no copy's worker does it again."""


def prepared_in(shared: Path) -> Path:
    """The one of a run, made by whichever of its test processes needs it first.

    Args:
        shared: a folder that all test processes of this run know, and no other run.
    """
    folder, last = shared / "first-start", "static.stamp"
    with (shared / "first-start.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / last).exists():
            own = {"ESPALIER_VAR": str(folder), "DJANGO_SETTINGS_MODULE": "webapp.settings"}
            for words in (("-m", "webapp.embedded.preparation"), ("-c", PREPARE_DATASETS)):
                done = python(*words, **own)
                assert done.returncode == 0, done.stdout + done.stderr
            assert (folder / last).exists()
    return folder
