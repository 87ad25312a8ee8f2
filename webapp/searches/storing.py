"""Writing a network's checkpoint into Django's storage. Worker side."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypedDict

from search_engine.architecture import Lineage
from search_engine.checkpoint import WEIGHTS, TrainedOn, save_checkpoint
from search_engine.networks import Network
from webapp.searches import files


class Stored(TypedDict):
    """The columns of a checkpoint's row."""

    folder: str
    sha256: str
    bytes: int
    accuracy: float


def store(
    network: Network,
    folder: str,
    *,
    accuracy: float,
    trained_on: TrainedOn,
    lineage: Lineage | None = None,
) -> Stored:
    """Write a checkpoint's files, and say what its row has to hold."""
    with TemporaryDirectory(prefix="espalier-") as name:
        description = save_checkpoint(
            network,
            Path(name),
            lineage=lineage,
            trained_on=trained_on,
            metrics={"accuracy": accuracy},
        )
        size_bytes = (Path(name) / WEIGHTS).stat().st_size
        files.put(Path(name), folder)
    return {
        "folder": folder,
        "sha256": description.weights_sha256,
        "bytes": size_bytes,
        "accuracy": accuracy,
    }
