"""The state of a training between two epochs: plain JSON and tensors, in one file.

The file is safetensors with the JSON in its header. It is written under another name and then
renamed, so a crash leaves the old state or the new one. Nothing is unpickled.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from search_engine.files import named_in_errors
from search_engine.spec import Architecture
from search_engine.spec.declared import Declared, Measured, Whole, about, always
from search_engine.spec.errors import InvalidConfig
from search_engine.spec.recipe import Recipe
from search_engine.spec.training_events import EpochEnded
from search_engine.training.gates import Parts

STATE_FILE = "training.safetensors"
_HEADER = "training"


@dataclass(frozen=True, slots=True)
class TrainingHeader(Declared):
    """A training between two epochs, but for its tensors."""

    place = "training"
    fixed = always(version=1)
    may_lack = ("rounds",)

    architecture: Architecture
    recipe: Recipe
    seed: Annotated[Whole, about("Seed", "of DropPath")]
    epoch: Annotated[Whole, about("Epoch", "how many are done")]
    batches: Annotated[Whole, about("Batches", "in an epoch")]
    gates: Annotated[Parts, about("Gates", "those that are not yet open")]
    torch: str = torch.__version__
    rounds: Annotated[
        tuple[Measured, ...], about("Rounds", "accuracy after each that was before this training")
    ] = ()


@dataclass(frozen=True, slots=True, eq=False)
class TrainingState:
    """A training between two epochs.

    Args:
        tensors: weights as `network.…`, momentum as `momentum.…`, the EMA as `average.…`; copies on
            the CPU.
    """

    header: TrainingHeader
    tensors: dict[str, Tensor]

    def part(self, name: str) -> dict[str, Tensor]:
        """The tensors under `name.`, without it."""
        prefix = f"{name}."
        return {k.removeprefix(prefix): v for k, v in self.tensors.items() if k.startswith(prefix)}


def on_cpu(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Copies of tensors on the CPU, with `prefix.` before their names."""
    return {
        f"{prefix}.{name}": tensor.detach().to(
            "cpu", memory_format=torch.contiguous_format, copy=True
        )
        for name, tensor in tensors.items()
    }


class StateFolder:
    """A folder that holds the state of one training, for `Trainer.run`.

    Args:
        path: made when the state is written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def has_state(self) -> bool:
        """Whether an epoch has been completed."""
        return (self.path / STATE_FILE).exists()

    def read_state(self) -> TrainingState | None:
        """The state after the last complete epoch; None before the first.

        Raises:
            CheckpointError: damaged; the message names the file.
        """
        return load_state(self.path) if self.has_state else None

    def write_epoch(self, ended: EpochEnded, state: TrainingState) -> None:
        """Keep the state after an epoch, in place of the one before."""
        save_state(state, self.path)


def save_state(state: TrainingState, folder: Path) -> None:
    """Write a state to a folder, which is made if missing, in place of the one that is there."""
    folder.mkdir(parents=True, exist_ok=True)
    written = folder / f"{STATE_FILE}.new"
    save_file(state.tensors, written, metadata={_HEADER: json.dumps(state.header.to_json())})
    written.replace(folder / STATE_FILE)


def load_state(folder: Path) -> TrainingState:
    """The state that was saved in a folder.

    Raises:
        CheckpointError: missing or damaged; the message names the file.
    """
    path = folder / STATE_FILE
    with named_in_errors(path):
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        document = _parse(header.get(_HEADER, ""))
        return TrainingState(TrainingHeader.from_json(document), tensors)


def _parse(header: str) -> object:
    # Not `parse_document`: the gates of a large child may take more than its limit.
    try:
        return json.loads(header)
    except (ValueError, RecursionError) as error:
        raise InvalidConfig("training", f"the header is not JSON: {error}") from None
