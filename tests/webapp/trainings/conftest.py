"""Alice's search with a completed trial to train fully, which Bob may look at."""

from typing import Any, Protocol

import pytest

from search_engine.spec import cell_to_json, parse_cell
from search_engine.spec.final_training import FinalTrainingConfig
from tests.webapp.searches.conftest import launch, own_files, search
from tests.webapp.searches.driving import work
from webapp.searches.models import Search, Trial
from webapp.state import State
from webapp.trainings import documents, services
from webapp.trainings.documents import Compare
from webapp.trainings.models import Training

__all__ = ["launch", "own_files", "search"]  # fixtures

SMALL_CELL = "add[G3x3, G3x3]"


@pytest.fixture
def trial(search: Search) -> Trial:
    """A completed trial; nothing was trained for it."""
    cell = cell_to_json(parse_cell(SMALL_CELL))
    return Trial.objects.create(
        search=search,
        number=1,
        state=State.COMPLETED,
        seed=1,
        proposal={},
        notation=SMALL_CELL,
        cell=cell,
        parameters=10_000,
        multiply_adds=1_000_000,
        result={"images_per_second": 1000.0},
    )


@pytest.fixture
def tried(search: Search) -> Trial:
    """A trial that was really trained, with its checkpoint."""
    work(search, trials=1)
    return search.trials.select_related("checkpoint").get(number=1)


def tiny(trial: Trial, **changes: Any) -> dict[str, Any]:
    """A config of two epochs in the smallest PyramidNet: seconds on one core."""
    document = documents.base_document(trial.search, trial, "digits")
    document["skeleton"] = {**document["skeleton"], "blocks": 1, "alpha": 6}
    document["recipe"] = {**document["recipe"], "epochs": 2, "batch_size": 128}
    return {**document, **changes}


class Train(Protocol):
    """Launches a final training."""

    def __call__(
        self, trial: Trial, compare: Compare = Compare.NONE, **changes: Any
    ) -> Training: ...


@pytest.fixture
def train_fully() -> Train:
    """Launch a tiny final training of a trial; keywords change its config."""

    def launched(trial: Trial, compare: Compare = Compare.NONE, **changes: Any) -> Training:
        found = trial.search
        config = documents.checked(tiny(trial, **changes), found, trial)
        made, _ = services.launch(found.owner, found.pk, trial.number, config, compare=compare)
        return made

    return launched


def config_of(training: Training) -> FinalTrainingConfig:
    return FinalTrainingConfig.from_json(training.config)
