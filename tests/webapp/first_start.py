"""A folder as a first start leaves it: tables, the digits, static files. Copied, never used.

Whatever does not try out a first start begins with a copy, and saves itself its ten seconds.
"""

import fcntl
from pathlib import Path

from tests.webapp.core.commands import python


def prepared_in(shared: Path) -> Path:
    """The one of a run, made by whichever of its test processes needs it first.

    Args:
        shared: a folder that all test processes of this run know, and no other run.
    """
    folder, last = shared / "first-start", "static.stamp"
    with (shared / "first-start.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / last).exists():
            done = python("-m", "webapp.embedded.preparation", ESPALIER_VAR=str(folder))
            assert done.returncode == 0, done.stdout + done.stderr
            assert (folder / last).exists()
    return folder
