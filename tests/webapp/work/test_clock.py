"""Recovery never waits behind long work: it has a worker of its own, with the clock."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.webapp.searches.conftest import own_files
from tests.webapp.searches.test_workers import Start, start, until
from webapp.datasets.kinds import PREPARATION
from webapp.datasets.models import Dataset
from webapp.state import State

pytestmark = pytest.mark.thorough

__all__ = ["own_files", "start"]


@pytest.mark.django_db(transaction=True)
def test_recovery_goes_on_while_every_coordinator_prepares_data_sets(start: Start) -> None:
    busy, lost = [], Dataset(name="Lost", engine_name="lost", state=State.QUEUED)
    for number in range(2):
        busy.append(Dataset(name="Busy", engine_name=f"busy{number}", state=State.QUEUED))
    for dataset in (*busy, lost):
        PREPARATION.add(dataset)
        assert PREPARATION.claim(dataset.pk, "cpu@lab")
    Dataset.objects.filter(pk=lost.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    leases = timezone.now() + timedelta(hours=1)
    Dataset.objects.exclude(pk=lost.pk).update(lease_until=leases)
    start("clock")  # and nobody who takes any other queue
    until(Dataset.objects.filter(pk=lost.pk, state=State.QUEUED, workers_lost=1).exists)
    assert Dataset.objects.filter(state=State.RUNNING).count() == 2
