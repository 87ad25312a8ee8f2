"""A backup of a search in mid-run, taken back, goes on as if nothing had been."""

from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.webapp.searches.conftest import Launch, launch, own_files
from tests.webapp.searches.driving import queued, work
from webapp.accounts.models import User
from webapp.live.models import Event
from webapp.searches.coordinator import engine_state
from webapp.searches.lifecycle import TRIAL
from webapp.searches.models import Search, Trial
from webapp.searches.worker import memory as worker_memory
from webapp.state import State
from webapp.upkeep import verification

__all__ = ["launch", "own_files"]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.thorough]

COLUMNS = ("number", "notation", "seed", "accuracy", "reward")


def found(search: Search) -> list[Any]:
    return list(search.trials.values_list(*COLUMNS))


def test_a_search_in_mid_run_goes_on_from_its_backup(
    launch: Launch, tmp_path: Path, settings: Any
) -> None:
    search, undisturbed = launch(), launch()
    work(undisturbed)
    expected = found(undisturbed)
    work(search, trials=1)
    trial = queued(search)
    assert trial is not None
    assert TRIAL.claim(trial.pk, "worker") is not None
    events = Event.objects.count()
    call_command("backup", str(tmp_path / "backup.tar"))
    assert (tmp_path / "backup.tar").stat().st_mode & 0o077 == 0, "it holds the secret key"
    with pytest.raises(CommandError, match="There are rows already"):
        call_command("restore", str(tmp_path / "backup.tar"))

    call_command("flush", interactive=False, verbosity=0)
    settings.VAR = tmp_path / "other"
    (tmp_path / "other").mkdir()
    where = {"location": tmp_path / "other" / "files"}
    storage = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": where}
    settings.STORAGES = {**settings.STORAGES, "default": storage}
    worker_memory.forget()
    engine_state.forget()
    call_command("restore", str(tmp_path / "backup.tar"))

    assert list(verification.verify()) == []
    assert Event.objects.count() == events + 1, "the trial under way was let go of"
    trial.refresh_from_db()
    assert (trial.state, trial.workers_lost) == (State.QUEUED, 0)
    search = Search.objects.get(pk=search.pk)
    assert search.owner.check_password("correct horse battery")
    work(search)
    assert (search.state, found(search)) == (State.COMPLETED, expected)
    User.objects.create_user("new")  # ids go on where they were
    assert Trial.objects.count() == 6


def test_a_backup_of_other_tables_is_refused(
    launch: Launch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("webapp.upkeep.backup._migrations", lambda: ["searches.9999_later"])
        call_command("backup", str(tmp_path / "backup.tar"))
    call_command("flush", interactive=False, verbosity=0)
    with pytest.raises(CommandError, match="Restore it with that version"):
        call_command("restore", str(tmp_path / "backup.tar"))
