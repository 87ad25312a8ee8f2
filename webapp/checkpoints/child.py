"""Writes checkpoints and exports, for workers and for processes of their own. No database here."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypedDict

import torch
from safetensors.torch import load_file

from search_engine.checkpoint import WEIGHTS, save_checkpoint
from search_engine.cost_measurement import device_name, measure_costs
from search_engine.export import Compared, build_export
from search_engine.networks import Network
from search_engine.spec import Lineage, can_grow
from search_engine.spec.description import TrainedOn
from search_engine.spec.export_form import ExportForm
from search_engine.spec.objective import CostKind
from webapp.checkpoints import files
from webapp.work.child import Tell


class Measured(TypedDict):
    """The columns of a checkpoint's row that say how fast and how large it is, and where."""

    latency_1: float | None
    latency_64: float | None
    memory: int | None
    measured_on: str


class Saved(Measured):
    """The columns of a checkpoint's row that its files say, and what was measured."""

    sha256: str
    bytes: int
    accuracy: float | None
    parameters: int
    multiply_adds: int
    can_start: bool
    description: dict[str, Any]


class Stored(Saved):
    """The same, with the folder in the storage."""

    folder: str


def store(
    network: Network,
    folder: str,
    *,
    accuracy: float | None,
    trained_on: TrainedOn | None,
    lineage: Lineage | None = None,
    costs: Mapping[CostKind, float] | None = None,
) -> Stored:
    """Write a checkpoint's files, and say what its row has to hold.

    Args:
        network: on the device on which `costs` were measured.
        accuracy: on validation images.
        costs: latency and memory, where they were measured.
    """
    with TemporaryDirectory(prefix="espalier-") as name:
        found = save(
            network,
            Path(name),
            accuracy=accuracy,
            trained_on=trained_on,
            lineage=lineage,
            costs=costs,
        )
        files.put(Path(name), folder)
    return {**found, "folder": folder}


def save(
    network: Network,
    folder: Path,
    *,
    accuracy: float | None,
    trained_on: TrainedOn | None,
    lineage: Lineage | None = None,
    costs: Mapping[CostKind, float] | None = None,
) -> Saved:
    """Write a checkpoint's files into a folder of this machine; else as `store`."""
    description = save_checkpoint(
        network,
        folder,
        lineage=lineage,
        trained_on=trained_on,
        metrics={} if accuracy is None else {"accuracy": accuracy},
    )
    architecture = network.architecture
    cost = architecture.cost
    return {
        "sha256": description.weights_sha256,
        "bytes": (folder / WEIGHTS).stat().st_size,
        "accuracy": accuracy,
        "parameters": cost.parameters,
        "multiply_adds": cost.multiply_adds,
        "can_start": can_grow(architecture.skeleton, architecture.cell),
        "description": description.to_json(),
        **measured(network, costs or {}),
    }


def measured(network: Network, costs: Mapping[CostKind, float]) -> Measured:
    """Latency and memory as columns; empty ones where `costs` has none."""
    kinds = (CostKind.LATENCY_1, CostKind.LATENCY_64, CostKind.MEMORY)
    if not all(kind in costs for kind in kinds):
        return {"latency_1": None, "latency_64": None, "memory": None, "measured_on": ""}
    latency_1, latency_64, memory = (costs[kind] for kind in kinds)
    return {
        "latency_1": latency_1,
        "latency_64": latency_64,
        "memory": int(memory),
        "measured_on": device_name(next(network.parameters()).device)[:200],
    }


def costs_in_passing(network: Network) -> Mapping[CostKind, float]:
    """Latency and memory of a network that is to be kept whether or not they can be measured."""
    try:
        return measure_costs(network)
    except torch.OutOfMemoryError:
        return {}  # a batch of 64 is too much for this device


def build(request: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """Build one export; what the comparison with the checkpoint found, as JSON.

    In a process of its own: torch.export cannot be asked to stop.

    Args:
        request: `checkpoint` and `out`, folders; `form`; `images`, a file, or null for noise.
    """
    tell(0.1, "Building")
    images = Compared(**load_file(request["images"])) if request["images"] else None
    source, out = Path(request["checkpoint"]), Path(request["out"])
    return build_export(source, ExportForm.from_json(request["form"]), out, images).to_json()
