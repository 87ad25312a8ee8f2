"""Trainings keep to what all work does, whatever for."""

from typing import Any, ClassVar

import pytest

from tests.webapp.trainings.conftest import Train
from tests.webapp.work.contract import WorkContract
from webapp.searches import services
from webapp.searches.models import Search, Trial
from webapp.state import State
from webapp.trainings.kinds import TRAINING
from webapp.trainings.models import Training
from webapp.work.kind import Kind
from webapp.work.models import Work


class TestFinalTraining(WorkContract):
    found: ClassVar = {"test_accuracy": 0.5}

    @pytest.fixture
    def kind(self) -> Kind[Any]:
        return TRAINING

    @pytest.fixture
    def row(self, trial: Trial, train_fully: Train) -> Training:
        return train_fully(trial)


class TestStartNetwork(WorkContract):
    found: ClassVar = {"accuracy": 0.5}

    @pytest.fixture
    def kind(self) -> Kind[Any]:
        return TRAINING

    @pytest.fixture
    def row(self, search: Search) -> Training:
        return search.start

    def cancel(self, kind: Kind[Any], row: Work) -> None:
        """It is cancelled with its search."""
        search = Training.objects.get(pk=row.pk).search
        services.cancel(search.owner, search.pk)

    def assert_lost_for_good(self, row: Work, reason: str) -> None:
        """Its search pauses, and it waits."""
        search = Training.objects.get(pk=row.pk).search
        assert (search.state, row.state, row.workers_lost) == (State.PAUSED, State.QUEUED, 0)
        assert reason in search.failure

    def assert_held_up(self, row: Work, reason: str) -> None:
        self.assert_lost_for_good(row, reason)

    def test_it_can_be_paused_if_its_kind_can(self) -> None:  # type: ignore[override]
        """Its search can."""
