"""What every format of export can do: write a network into a folder, and read it back to run it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from torch import Tensor, nn

from search_engine.networks import Network
from search_engine.spec import ImageShape
from search_engine.spec.description import Description, TrainedOn
from search_engine.spec.export_form import ExportForm
from search_engine.spec.pictures import Rendering


@dataclass(frozen=True, slots=True)
class About:
    """What a network's user must know besides its weights.

    Args:
        class_names: in the order of the logits.
        mean: of each channel, on the scale 0 to 1.
        std: of each channel.
        rendering: how a picture of any kind becomes pixels.
    """

    image: ImageShape
    class_names: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    rendering: Rendering = field(default_factory=Rendering)

    @classmethod
    def of(cls, description: Description) -> "About":
        """What a checkpoint says. Classes of one that was never trained are numbered from 0."""
        skeleton = description.architecture.skeleton
        on = description.trained_on
        if on is None:
            channels, classes = skeleton.image.channels, skeleton.classes
            names = tuple(map(str, range(classes)))
            on = TrainedOn("", names, (0.0,) * channels, (1.0,) * channels)
        return cls(skeleton.image, on.class_names, on.mean, on.std, on.rendering)

    @property
    def trained_on(self) -> TrainedOn:
        """For `search_engine.loading.normalise`."""
        return TrainedOn("", self.class_names, self.mean, self.std, self.rendering)

    @property
    def takes_wide(self) -> bool:
        """Whether pictures are grey in 16 bits: where their levels have a range of their own."""
        return self.rendering.levels != Rendering().levels

    @property
    def picture_input(self) -> str:
        """What a form with the preprocessing inside takes."""
        if self.takes_wide:
            return "grey pictures of any size, uint16, (N, H, W, 1)"
        return "RGB or RGBA pictures of any size, uint8, (N, H, W, 3) or (N, H, W, 4)"

    def properties(self, *, pictures: bool = False) -> dict[str, str]:
        """All of it as texts, for formats that keep texts: lists are JSON.

        Args:
            pictures: whether the preprocessing is inside.
        """
        taken = "(pixels / 255 - mean) / std in each channel, float32, (N, C, H, W)"
        return {
            "class_names": json.dumps(self.class_names),
            "mean": json.dumps(self.mean),
            "std": json.dumps(self.std),
            "rendering": json.dumps(self.rendering.to_json()),
            "input": self.picture_input if pictures else taken,
            "output": f"{'probabilities' if pictures else 'logits'} (N, classes)",
        }


@dataclass(frozen=True, slots=True)
class Source:
    """What is exported.

    Args:
        network: of the checkpoint, on the CPU, in float32 and eval mode.
        plain: the same function as it is best used: a CondenseNet in its converted form.
        calibration: normalised images for int8, float32, `(N, C, H, W)`; None where there are none.
    """

    network: Network
    plain: Network
    about: About
    folder: Path
    form: ExportForm
    calibration: Tensor | None = None


@dataclass(frozen=True, slots=True)
class Reopened:
    """An export that was read back from its files.

    Args:
        run: normalised images, float32, `(N, C, H, W)`, to logits; where the preprocessing is
            inside pictures, `(N, C, H, W)`, to probabilities: uint8, grey, in colour or with
            opacity, or uint16, grey.
        module: what can be looked into for memory; None where another library runs it.
        versions: of libraries other than torch that took part.
        resized: where the preprocessing is inside: such pictures to the pixels that the network
            sees, uint8, `(N, C, H, W)`.
    """

    run: Callable[[Tensor], Tensor]
    module: nn.Module | None = None
    opset: int | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    resized: Callable[[Tensor], Tensor] | None = None


class Format(Protocol):
    """One kind of export."""

    def write(self, source: Source, folder: Path) -> tuple[str, ...]:
        """Write the files, and return their names, the main one first.

        Raises:
            ExportError: this network cannot have this format, or a library is missing.
        """

    def reopen(self, folder: Path) -> Reopened:
        """Read the files back, by nothing but what stands in them."""
