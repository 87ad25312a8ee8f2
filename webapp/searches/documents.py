"""Config documents that people start from: a preset, a search to clone, a data set, a network."""

from contextlib import suppress
from dataclasses import replace
from typing import Any

from search_engine.spec import Architecture
from search_engine.spec.division import in_proportion
from search_engine.spec.errors import SearchEngineError
from search_engine.spec.fine_tuning import fine_tuned
from search_engine.spec.presets import preset
from search_engine.spec.search_config import SearchConfig
from webapp.checkpoints.models import Checkpoint
from webapp.datasets.models import Dataset
from webapp.errors import engine_errors_as_product_errors
from webapp.searches.models import Search
from webapp.searches.plans import USUAL_MINUTES, plan_for

DEFAULT_PRESET = "digits-demo"
DEMO_PRESET = "clothing-demo"
"""What the first click launches."""

SMALL_PIXELS = 16
"""Images with sides up to this are trained on like the digits."""


def base_document(preset_name: str, parent: Search | None = None) -> dict[str, Any]:
    """The document that changes start from: of a search to clone, or of a preset."""
    if parent is not None:
        return _opened(parent.config)
    with engine_errors_as_product_errors():
        return preset(preset_name or DEFAULT_PRESET).to_json()


def new_document(preset_name: str) -> dict[str, Any]:
    """What a new search begins with: its networks grow in generations, unless it is the paper's."""
    document = base_document(preset_name)
    return document if preset_name.startswith("paper-") else {**document, "strategy": "grow"}


def _opened(config: dict[str, Any]) -> dict[str, Any]:
    """The config with settings that came later filled in; as it is where it cannot be read."""
    try:
        return SearchConfig.from_json(config).to_json()
    except SearchEngineError:
        return dict(config)


def initial_for(dataset: Dataset, preset_name: str) -> dict[str, Any]:
    """Initial values of fields; of a small data set no more is held out than its share."""
    data = in_proportion(preset(preset_name).data, dataset.image_count, dataset.classes)
    return {
        "name": f"{dataset.name}, searched"[:120],
        "data.name": dataset.engine_name,
        "data.validation": data.validation,
        "data.calibration": data.calibration,
    }


def start_document(checkpoint: Checkpoint) -> dict[str, Any]:
    """Settings that a search can start with from this network: those of the search that made it.

    A network that no search made gets those of the plan for the data set that it is for; one with
    weights that want their own normalisation is fine-tuned. One that has grown grows further, which
    only the strategy grow can do.
    """
    search = checkpoint.search
    base = _planned(checkpoint) if search is None else base_document("", search)
    with engine_errors_as_product_errors():
        architecture = Architecture.from_json(checkpoint.description["architecture"])
        config = SearchConfig.from_json(base)
        if checkpoint.search is None and architecture.skeleton.own_normalisation is not None:
            config = fine_tuned(config)
        if architecture.cell != architecture.skeleton.start_cell and not config.has_parents:
            config = replace(config, strategy="grow", strategy_settings=(), inherit=True)
        if checkpoint.search is not None:  # whatever the seed: it has not learned what is held out
            config = replace(config, data=replace(config.data, seed=config.split_seed))
        return config.started_from(architecture).to_json()


def _planned(checkpoint: Checkpoint) -> dict[str, Any]:
    """What fits the data set of a network that was brought in, or else its images' size."""
    if checkpoint.dataset is not None and checkpoint.dataset.is_ready:
        with suppress(SearchEngineError):
            return plan_for(checkpoint.dataset, USUAL_MINUTES, checkpoint).config.to_json()
    small = max(checkpoint.image[1:]) <= SMALL_PIXELS
    return new_document("digits-demo" if small else "fashion-small")


def initial_for_start(checkpoint: Checkpoint) -> dict[str, Any]:
    """Initial values of fields."""
    title = checkpoint.title[:1].lower() + checkpoint.title[1:]
    return {"name": f"From {title}"[:120], "start_checkpoint": checkpoint.pk}
