"""What the launch form begins with where a link names a data set, or a checkpoint."""

from typing import Any

from search_engine.architecture import SearchSpace, search_space_of, skeleton_from_json
from search_engine.presets import PRESETS, preset
from webapp.checkpoints.models import Checkpoint
from webapp.datasets.models import Dataset
from webapp.searches import documents

SMALL = 5_000
"""Fewer images than this are searched like the digits, more like Fashion-MNIST."""


SMALL_PIXELS = 16
"""Images with sides up to this are trained on like the digits."""


def preset_for(dataset: Dataset) -> str:
    """The preset that is made for the data set, or for one of its size."""
    for name in PRESETS:
        if preset(name).data.name == dataset.engine_name:
            return name
    return "digits-demo" if dataset.image_count < SMALL else "fashion-small"


def initial_for(dataset: Dataset, preset_name: str) -> dict[str, Any]:
    """Values of fields: a small data set gives up no more than a fifth of its images."""
    data = preset(preset_name).data
    return {
        "name": f"{dataset.name}, searched"[:120],
        "data.name": dataset.engine_name,
        "data.validation": max(1, min(data.validation, dataset.image_count // 5)),
        "data.calibration": max(1, min(data.calibration, dataset.image_count // 10)),
    }


def start_document(checkpoint: Checkpoint) -> dict[str, Any]:
    """Settings that a search can start with from this network: those of the search that made it.

    A network that no search made gets those of the preset for its images' size.
    """
    skeleton = checkpoint.description["architecture"]["skeleton"]
    small = max(skeleton["image"][1:]) <= SMALL_PIXELS
    base = documents.base_document("digits-demo" if small else "fashion-small", checkpoint.search)
    space = SearchSpace.from_json(base["search_space"])
    space = search_space_of(skeleton_from_json(skeleton), space)
    return {**base, "skeleton": skeleton, "search_space": space.to_json()}


def initial_for_start(checkpoint: Checkpoint) -> dict[str, Any]:
    """Values of fields."""
    title = checkpoint.title[:1].lower() + checkpoint.title[1:]
    return {"name": f"From {title}"[:120], "start_checkpoint": checkpoint.pk}
