"""Checkpoints without a training: fresh weights, real files."""

from typing import Any

from search_engine.data import SplitDataset
from search_engine.networks import build_network
from search_engine.spec import Architecture, parse_cell
from search_engine.spec.search_config import SearchConfig
from webapp.checkpoints.child import store
from webapp.checkpoints.models import Checkpoint, Origin
from webapp.datasets.worker import load_images
from webapp.searches.models import Search, Trial
from webapp.state import State

GROWN = "add[G3x3, G3x3 -> [conv1x1]]"


def make(search: Search, origin: Origin, *, seed: int = 0, **fields: Any) -> Checkpoint:
    """A checkpoint of this search; of a new trial with a grown cell where it is of a trial."""
    config = SearchConfig.from_json(search.config)
    architecture = Architecture.start(config.skeleton)
    trial = None
    if origin == Origin.TRIAL:
        trial = _trial(search)
        architecture = Architecture(config.skeleton, parse_cell(GROWN))
    data = SplitDataset(load_images(search.dataset), config.data, seed=config.seed)
    network = build_network(architecture, seed=seed)
    folder = f"searches/{search.pk}/{origin}/{Checkpoint.objects.count()}"
    stored = store(network, folder, accuracy=0.5, trained_on=data.trained_on)
    columns = {**stored, **fields}
    return Checkpoint.objects.create(
        owner_id=search.owner_id, origin=origin, search=search, trial=trial, **columns
    )


def _trial(search: Search) -> Trial:
    number = search.trials.count() + 1
    return Trial.objects.create(
        search=search,
        number=number,
        state=State.COMPLETED,
        seed=number,
        proposal={},
        notation=GROWN,
        cell={},
        accuracy=0.5,
        reward=1.0,
    )
