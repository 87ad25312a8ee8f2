"""What must be there before the processes start: `python -m webapp.embedded.preparation`.

Tables, data sets, static files. A process of its own, since reading data sets loads torch.
"""

import hashlib
import os
import sys
from pathlib import Path

import django
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command

from webapp.upkeep import checks


def prepare() -> None:
    """Safe to call at every start: what is there already stays as it is."""
    for message in checks.run(checks.AT_START):
        sys.stdout.write(f"{message.msg} {message.hint}\n")
        if message.is_serious():
            sys.exit(1)
    call_command("migrate", interactive=False, verbosity=0)
    call_command("sync_datasets")
    say_set_up_code()
    if not settings.DEBUG:
        collect_static_files()


def say_set_up_code() -> None:
    """Whoever makes the first account from elsewhere has seen this."""
    from webapp.accounts import services

    if not services.is_set_up():
        sys.stdout.write(
            "There is no account yet. From any address but localhost, making the first one needs"
            f" the code {services.set_up_code()}\n"
        )


def collect_static_files() -> bool:
    """Collect them where they have changed since the last time; says whether they had."""
    stamp: Path = settings.VAR / "static.stamp"
    present = _fingerprint()
    if stamp.exists() and stamp.read_text() == present and settings.STATIC_ROOT.is_dir():
        return False
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    stamp.write_text(present)
    return True


def _fingerprint() -> str:
    lines = []
    for finder in get_finders():
        for path, storage in finder.list([]):
            file = Path(storage.path(path)).stat()
            lines.append(f"{path} {file.st_size} {file.st_mtime_ns}")
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")
    django.setup()
    prepare()
