"""Writing a network's checkpoint into Django's storage. Worker side."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypedDict

import torch

from search_engine.architecture import Lineage
from search_engine.checkpoint import WEIGHTS, TrainedOn, save_checkpoint
from search_engine.latency import device_name, measure_costs
from search_engine.networks import Network
from search_engine.objective import CostKind
from webapp.checkpoints import files


class Measured(TypedDict):
    """The columns of a checkpoint's row that say how fast and how large it is, and where."""

    latency_1: float | None
    latency_64: float | None
    memory: int | None
    measured_on: str


class Stored(Measured):
    """The columns of a checkpoint's row that its files say, and what was measured."""

    folder: str
    sha256: str
    bytes: int
    accuracy: float | None
    parameters: int
    multiply_adds: int
    can_start: bool
    description: dict[str, Any]


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
        folder: in the storage.
        accuracy: on validation images.
        trained_on: the data set.
        lineage: how it grew.
        costs: latency and memory, where they were measured.
    """
    with TemporaryDirectory(prefix="espalier-") as name:
        description = save_checkpoint(
            network,
            Path(name),
            lineage=lineage,
            trained_on=trained_on,
            metrics={} if accuracy is None else {"accuracy": accuracy},
        )
        size_bytes = (Path(name) / WEIGHTS).stat().st_size
        files.put(Path(name), folder)
    architecture = network.architecture
    cost = architecture.cost
    return {
        "folder": folder,
        "sha256": description.weights_sha256,
        "bytes": size_bytes,
        "accuracy": accuracy,
        "parameters": cost.parameters,
        "multiply_adds": cost.multiply_adds,
        "can_start": architecture.cell == architecture.skeleton.start_cell,
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
