"""What a training needs in order to go on, between two epochs: plain JSON and tensors, in one file.

The file is safetensors with the JSON in its header, written under another name and then renamed: a
crash leaves the old state or the new one, never half of both. Nothing is unpickled.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from search_engine.architecture import Architecture
from search_engine.architecture.documents import Document, Reader
from search_engine.errors import CheckpointError, InvalidConfig, SearchEngineError
from search_engine.training.gates import Parts
from search_engine.training.recipe import Recipe

STATE_VERSION = 1
STATE_FILE = "training.safetensors"
_HEADER = "training"


@dataclass(frozen=True, slots=True, eq=False)
class TrainingState:
    """A training between two epochs.

    Args:
        architecture: of the network.
        recipe: how it is trained.
        seed: of DropPath.
        epoch: epochs done.
        batches: in an epoch.
        gates: gates that are not yet open.
        tensors: weights as `network.…`, momentum as `momentum.…`, averages as `average.…`; on the
            CPU, and nobody else's.
    """

    architecture: Architecture
    recipe: Recipe
    seed: int
    epoch: int
    batches: int
    gates: Parts
    tensors: dict[str, Tensor]

    def to_json(self) -> Document:
        """All but the tensors, as plain values for `json.dumps`."""
        return {
            "version": STATE_VERSION,
            "architecture": self.architecture.to_json(),
            "recipe": self.recipe.to_json(),
            "seed": self.seed,
            "epoch": self.epoch,
            "batches": self.batches,
            "gates": self.gates,
            "torch": torch.__version__,
        }

    @classmethod
    def from_json(cls, document: object, tensors: dict[str, Tensor]) -> Self:
        """A state from what `to_json` made, and its tensors.

        Raises:
            SearchEngineError: malformed; the message names the field.
        """
        reader = Reader(document, "training")
        reader.version(STATE_VERSION)
        state = cls(
            Architecture.from_json(reader.take("architecture")),
            Recipe.from_json(reader.take("recipe")),
            reader.integer("seed"),
            reader.integer("epoch"),
            reader.integer("batches"),
            _parts(reader.take("gates")),
            tensors,
        )
        reader.string("torch")
        reader.done()
        return state

    def part(self, name: str) -> dict[str, Tensor]:
        """The tensors under `name.`, without it."""
        prefix = f"{name}."
        return {k.removeprefix(prefix): v for k, v in self.tensors.items() if k.startswith(prefix)}


def own(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Copies on the CPU, under `prefix.`."""
    return {
        f"{prefix}.{name}": tensor.detach().to(
            "cpu", memory_format=torch.contiguous_format, copy=True
        )
        for name, tensor in tensors.items()
    }


def save_state(state: TrainingState, folder: Path) -> None:
    """Write a state to a folder, in place of the one that is there.

    Args:
        state: of a trainer.
        folder: made if missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = folder / f"{STATE_FILE}.new"
    save_file(state.tensors, written, metadata={_HEADER: json.dumps(state.to_json())})
    written.replace(folder / STATE_FILE)


def load_state(folder: Path) -> TrainingState:
    """The state that was saved in a folder.

    Raises:
        CheckpointError: missing or damaged; the message names the file.
    """
    path = folder / STATE_FILE
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        document = _parse(header.get(_HEADER, ""))
        return TrainingState.from_json(document, tensors)
    except OSError as error:
        raise CheckpointError(str(path), error.strerror or str(error)) from None
    except SafetensorError as error:
        raise CheckpointError(str(path), f"not a safetensors file: {error}") from None
    except SearchEngineError as error:
        raise CheckpointError(str(path), str(error)) from None


def _parts(document: object) -> Parts:
    gates = Reader(document, "training.gates")
    parts: Parts = {}
    for name in gates.names():
        part = gates.take(name)
        place = f"training.gates.{name}"
        parts[name] = None if part is None else list(Reader({"part": part}, place).integers("part"))
    return parts


def _parse(header: str) -> object:
    # Not `parse_document`: the gates of a large child may take more than its limit.
    try:
        return json.loads(header)
    except (ValueError, RecursionError) as error:
        raise InvalidConfig("training", f"the header is not JSON: {error}") from None
