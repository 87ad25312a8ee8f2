"""Writing a network's checkpoint into Django's storage. Worker side."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypedDict

from search_engine.architecture import Lineage
from search_engine.checkpoint import WEIGHTS, TrainedOn, save_checkpoint
from search_engine.networks import Network
from webapp.checkpoints import files


class Stored(TypedDict):
    """The columns of a checkpoint's row that its files say."""

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
) -> Stored:
    """Write a checkpoint's files, and say what its row has to hold."""
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
    }
