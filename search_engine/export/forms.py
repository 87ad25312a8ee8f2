"""What every form of export can do: write a network into a folder, and read it back to run it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from torch import Tensor, nn

from search_engine.checkpoint import Description
from search_engine.export.about import About
from search_engine.networks import Network


@dataclass(frozen=True, slots=True)
class Source:
    """What is exported.

    Args:
        network: of the checkpoint, on the CPU, in float32 and eval mode.
        plain: the same function as it is best used: a CondenseNet in its converted form.
        about: class names and normalisation.
        description: of the checkpoint.
        folder: of the checkpoint.
    """

    network: Network
    plain: Network
    about: About
    description: Description
    folder: Path


@dataclass(frozen=True, slots=True)
class Reopened:
    """An export that was read back from its files.

    Args:
        run: normalised images, float32, `(N, C, H, W)`, to logits.
        module: what can be looked into for memory; None where another library runs it.
        opset: of ONNX.
        versions: of libraries other than torch that took part.
    """

    run: Callable[[Tensor], Tensor]
    module: nn.Module | None = None
    opset: int | None = None
    versions: Mapping[str, str] = field(default_factory=dict)


class Form(Protocol):
    """One kind of export."""

    def write(self, source: Source, folder: Path) -> tuple[str, ...]:
        """Write the files, and return their names, the main one first.

        Raises:
            ExportError: this network cannot have this form, or a library is missing.
        """

    def reopen(self, folder: Path) -> Reopened:
        """Read the files back, by nothing but what stands in them."""
