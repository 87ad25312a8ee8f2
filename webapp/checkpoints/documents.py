"""A checkpoint as JSON: one shape for pages and API."""

from typing import Any, TypedDict

from search_engine.architecture import cell_from_json, format_cell
from webapp.checkpoints.models import Checkpoint


class MeasuredJSON(TypedDict):
    """What inference takes on the device `measured_on`; all null where it was never measured.

    Seconds for a batch of 1 and of 64 images; bytes of weights and activations for one image.
    """

    latency_1: float | None
    latency_64: float | None
    memory: int | None
    measured_on: str | None


class CheckpointJSON(MeasuredJSON):
    """A checkpoint as lists show it. `trial` is the number in its search."""

    id: int
    title: str
    owner: str
    origin: str
    search: int | None
    search_name: str
    trial: int | None
    dataset: str
    notation: str
    accuracy: float | None
    parameters: int
    multiply_adds: int
    bytes: int
    sha256: str
    can_start: bool
    pinned: bool
    created_at: str


class CheckpointDetailJSON(CheckpointJSON):
    """A checkpoint with what its own page shows; `mean` and `std` are those of its images."""

    cell: dict[str, Any]
    transformations: list[dict[str, Any]]
    image: list[int]
    class_names: list[str]
    mean: list[float]
    std: list[float]
    metrics: dict[str, float]
    versions: dict[str, str]


def checkpoint_json(checkpoint: Checkpoint) -> CheckpointJSON:
    """A checkpoint that came from `selectors.visible_to`, without further queries."""
    trial, search = checkpoint.trial, checkpoint.search
    return {
        "id": checkpoint.pk,
        "title": checkpoint.title,
        "owner": checkpoint.owner.get_username(),
        "origin": checkpoint.origin,
        "search": checkpoint.search_id,
        "search_name": search.name if search else "",
        "trial": trial.number if trial else None,
        "dataset": search.dataset.name if search else checkpoint.trained_on.get("name", ""),
        "notation": trial.notation if trial else notation_of(checkpoint),
        "accuracy": checkpoint.accuracy,
        "parameters": checkpoint.parameters,
        "multiply_adds": checkpoint.multiply_adds,
        **measured_json(checkpoint),
        "bytes": checkpoint.bytes,
        "sha256": checkpoint.sha256,
        "can_start": checkpoint.can_start,
        "pinned": bool(trial and trial.pinned),
        "created_at": checkpoint.created_at.isoformat(),
    }


def measured_json(checkpoint: Checkpoint) -> MeasuredJSON:
    return {
        "latency_1": checkpoint.latency_1,
        "latency_64": checkpoint.latency_64,
        "memory": checkpoint.memory,
        "measured_on": checkpoint.measured_on or None,
    }


def checkpoint_detail_json(checkpoint: Checkpoint) -> CheckpointDetailJSON:
    about, trained_on = checkpoint.description, checkpoint.trained_on
    lineage = about.get("lineage") or {}
    return {
        **checkpoint_json(checkpoint),
        "cell": about["architecture"]["cell"],
        "transformations": lineage.get("transformations", []),
        "image": about["architecture"]["skeleton"]["image"],
        "class_names": trained_on.get("class_names", []),
        "mean": trained_on.get("mean", []),
        "std": trained_on.get("std", []),
        "metrics": about.get("metrics", {}),
        "versions": about.get("versions", {}),
    }


def notation_of(checkpoint: Checkpoint) -> str:
    """Its cell in one line."""
    return format_cell(cell_from_json(checkpoint.description["architecture"]["cell"]))
