"""A trial keeps to what all work does; it ends when the engine is told, not with its worker."""

from typing import Any, ClassVar

import pytest

from tests.webapp.searches.conftest import Launch
from tests.webapp.searches.driving import work
from tests.webapp.work.contract import WorkContract
from webapp.searches import coordinator, services
from webapp.searches.lifecycle import TRIAL
from webapp.searches.models import Trial
from webapp.state import State
from webapp.work.kind import Kind
from webapp.work.models import Work

pytestmark = pytest.mark.thorough


class TestTrial(WorkContract):
    found: ClassVar = {"outcome": {"failure": "diverged"}}

    @pytest.fixture
    def kind(self) -> Kind[Any]:
        return TRIAL

    @pytest.fixture
    def row(self, launch: Launch) -> Trial:
        search = launch()
        work(search, trials=0)
        return search.trials.get()

    def cancel(self, kind: Kind[Any], row: Work) -> None:
        """It is cancelled with its search."""
        search = Trial.objects.get(pk=row.pk).search
        services.cancel(search.owner, search.pk)

    def assert_lost_for_good(self, row: Work, reason: str) -> None:
        """Whatever happens to workers is no result: its search pauses, and it waits."""
        search = Trial.objects.get(pk=row.pk).search
        assert (search.state, row.state, row.workers_lost) == (State.PAUSED, State.QUEUED, 0)
        assert reason in search.failure
        services.resume(search.owner, search.pk)
        search.refresh_from_db()
        assert (search.state, search.failure) == (State.RUNNING, "")
        assert TRIAL.claim(row.pk, "worker") is not None

    def assert_held_up(self, row: Work, reason: str) -> None:
        self.assert_lost_for_good(row, reason)

    def assert_failed(self, row: Work, reason: str) -> None:
        trial = Trial.objects.get(pk=row.pk)
        assert (trial.state, trial.is_held) == (State.RUNNING, False)
        coordinator.advance(trial.search_id)
        row.refresh_from_db()
        super().assert_failed(row, reason)
