"""What a network's user must know besides its weights."""

import json
from dataclasses import dataclass

from search_engine.architecture import ImageShape
from search_engine.checkpoint import Description, TrainedOn


@dataclass(frozen=True, slots=True)
class About:
    """Names of the classes, and how images are made ready.

    Args:
        image: shape of one image.
        class_names: in the order of the logits.
        mean: of each channel, on the scale 0 to 1.
        std: of each channel.
    """

    image: ImageShape
    class_names: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]

    @classmethod
    def of(cls, description: Description) -> "About":
        """Of a checkpoint. Classes of one that was never trained are numbered from 0."""
        skeleton = description.architecture.skeleton
        on = description.trained_on
        if on is None:
            channels, classes = skeleton.image.channels, skeleton.classes
            names = tuple(map(str, range(classes)))
            on = TrainedOn("", names, (0.0,) * channels, (1.0,) * channels)
        return cls(skeleton.image, on.class_names, on.mean, on.std)

    @property
    def trained_on(self) -> TrainedOn:
        """For `search_engine.loading.normalise`."""
        return TrainedOn("", self.class_names, self.mean, self.std)

    def properties(self) -> dict[str, str]:
        """As texts, for formats that keep such: lists are JSON."""
        return {
            "class_names": json.dumps(self.class_names),
            "mean": json.dumps(self.mean),
            "std": json.dumps(self.std),
            "input": "(pixels / 255 - mean) / std in each channel, float32, (N, C, H, W)",
            "output": "logits (N, classes)",
        }
