"""Checkpoints: one network's weights (safetensors) beside a readable description (JSON).

A checkpoint is a folder with `weights.safetensors` and `checkpoint.json`; nothing is unpickled.
"""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from search_engine.architecture import Architecture, Lineage
from search_engine.architecture.documents import Document, Reader, parse_document
from search_engine.errors import CheckpointError, SearchEngineError
from search_engine.networks import CondenseNet, Network, build_empty
from search_engine.version import __version__

CHECKPOINT_VERSION = 1
WEIGHTS = "weights.safetensors"
DESCRIPTION = "checkpoint.json"


@dataclass(frozen=True, slots=True)
class TrainedOn:
    """The data set that a network was trained on; what using the network needs.

    Args:
        name: of the data set.
        class_names: in the order of the logits.
        mean: of each channel of the training images, on the scale 0 to 1.
        std: of each channel.
    """

    name: str
    class_names: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]

    def to_json(self) -> Document:
        """The description as plain values."""
        return {
            "name": self.name,
            "class_names": list(self.class_names),
            "mean": list(self.mean),
            "std": list(self.std),
        }

    @classmethod
    def from_json(cls, document: object) -> Self:
        """A description from what `to_json` made.

        Raises:
            InvalidConfig: malformed; the message names the field.
        """
        reader = Reader(document, "checkpoint.trained_on")
        trained_on = cls(
            reader.string("name"),
            tuple(str(name) for name in reader.sequence("class_names")),
            reader.number_sequence("mean"),
            reader.number_sequence("std"),
        )
        reader.done()
        return trained_on


@dataclass(frozen=True)
class Description:
    """What a checkpoint says of its network; readable without torch's weights.

    Args:
        architecture: what it is.
        lineage: how it came from its start network; None for a start network.
        trained_on: which data set; None where it has not been trained.
        converted: a CondenseNet in converted form.
        metrics: what was measured, such as `{"accuracy": 0.94}`; fractions, not percent.
        weights_sha256: of the weights file.
    """

    architecture: Architecture
    lineage: Lineage | None = None
    trained_on: TrainedOn | None = None
    converted: bool = False
    metrics: dict[str, float] = field(default_factory=dict)
    weights_sha256: str = ""

    def to_json(self) -> Document:
        """The description as plain values for `json.dumps`."""
        return {
            "version": CHECKPOINT_VERSION,
            "architecture": self.architecture.to_json(),
            "lineage": self.lineage.to_json() if self.lineage else None,
            "trained_on": self.trained_on.to_json() if self.trained_on else None,
            "converted": self.converted,
            "metrics": self.metrics,
            "weights_sha256": self.weights_sha256,
            "versions": {"espalier": __version__, "torch": torch.__version__},
        }

    @classmethod
    def from_json(cls, document: object) -> Self:
        """A description from what `to_json` made.

        Raises:
            SearchEngineError: malformed; the message names the field.
        """
        reader = Reader(document, "checkpoint")
        reader.version(CHECKPOINT_VERSION)
        architecture = Architecture.from_json(reader.take("architecture"))
        lineage, trained_on = reader.take("lineage"), reader.take("trained_on")
        metrics = Reader(reader.take("metrics"), "checkpoint.metrics")
        description = cls(
            architecture,
            None if lineage is None else Lineage.from_json(lineage),
            None if trained_on is None else TrainedOn.from_json(trained_on),
            reader.boolean("converted"),
            {name: metrics.number(name) for name in metrics.names()},
            reader.string("weights_sha256"),
        )
        reader.take("versions")
        reader.done()
        return description


def save_checkpoint(
    network: Network,
    folder: Path,
    *,
    lineage: Lineage | None = None,
    trained_on: TrainedOn | None = None,
    metrics: dict[str, float] | None = None,
) -> Description:
    """Write a network's checkpoint.

    Args:
        network: a plain network, on any device.
        folder: made if missing; files in it are replaced.
        lineage: how it came from its start network.
        trained_on: which data set.
        metrics: what was measured.

    Raises:
        CheckpointError: the network is still being morphed; its gates would be lost.
    """
    if network.gates():
        raise CheckpointError(str(folder), "the network is still being morphed: remove its gates")
    folder.mkdir(parents=True, exist_ok=True)
    state = {name: tensor.contiguous().cpu() for name, tensor in network.state_dict().items()}
    weights = folder / f"{WEIGHTS}.new"
    save_file(state, weights)
    description = Description(
        network.architecture,
        lineage,
        trained_on,
        isinstance(network, CondenseNet) and network.is_converted,
        metrics or {},
        _sha256(weights),
    )
    text = folder / f"{DESCRIPTION}.new"
    text.write_text(json.dumps(description.to_json(), indent=2) + "\n", encoding="utf-8")
    # Renamed when complete, so that a crash leaves no half-written file under a checkpoint's names.
    weights.replace(folder / WEIGHTS)
    text.replace(folder / DESCRIPTION)
    return description


def read_description(folder: Path) -> Description:
    """What a checkpoint says of its network, without loading the weights.

    Raises:
        CheckpointError: missing or malformed; the message names the file.
    """
    path = folder / DESCRIPTION
    try:
        return Description.from_json(parse_document(path.read_bytes(), "checkpoint"))
    except OSError as error:
        raise CheckpointError(str(path), error.strerror or str(error)) from None
    except SearchEngineError as error:
        raise CheckpointError(str(path), str(error)) from None


def load_checkpoint(folder: Path, *, device: torch.device | str = "cpu") -> Network:
    """The network of a checkpoint, in eval mode.

    Args:
        folder: of the checkpoint.
        device: where the network shall live.

    Raises:
        CheckpointError: a file is missing, damaged, or does not belong to the description.
    """
    description = read_description(folder)
    path = folder / WEIGHTS
    try:
        if _sha256(path) != description.weights_sha256:
            raise CheckpointError(str(path), "the file is not the one that was saved (SHA-256)")
        state = load_file(path, device=str(device))
    except OSError as error:
        raise CheckpointError(str(path), error.strerror or str(error)) from None
    except SafetensorError as error:
        raise CheckpointError(str(path), f"not a safetensors file: {error}") from None
    network = build_empty(description.architecture, device="meta", converted=description.converted)
    try:
        network.load_state_dict(state, assign=True)
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:300]
        raise CheckpointError(str(path), f"the weights do not fit: {reason}") from None
    network.requires_grad_()
    return network.eval()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
