"""What weights that somebody has trained ask of the images: their normalisation and their size."""

from statistics import fmean
from typing import Annotated, Self

import pydantic

from search_engine.spec.declared import Declared, Number, Whole, about, declared
from search_engine.spec.errors import InvalidConfig
from search_engine.spec.skeletons.blocks import ImageShape


@declared
class Normalisation(Declared):
    """Mean and standard deviation by which each channel is normalised, on the scale 0 to 1."""

    place = "normalisation"

    mean: Annotated[
        tuple[Number, ...], about("Mean", "of each channel", min_length=1, max_length=64)
    ]
    std: Annotated[
        tuple[Annotated[Number, pydantic.Field(gt=0)], ...],
        about("Standard deviation", "of each channel", min_length=1, max_length=64),
    ]

    def __post_init__(self) -> None:
        if len(self.mean) != len(self.std):
            raise InvalidConfig(
                "std", f"expected as many as of mean, {len(self.mean)}, got {len(self.std)}"
            )

    def for_channels(self, channels: int) -> Self:
        """The same for images of another number of channels: the mean over the channels there."""
        if len(self.mean) == channels:
            return self
        return type(self)((fmean(self.mean),) * channels, (fmean(self.std),) * channels)


NORMALISATIONS = {
    "imagenet": Normalisation((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "half": Normalisation((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
    "none": Normalisation((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
}
"""Those that pretrained networks usually want: ImageNet's; to -1 to 1; 0 to 1 as it is."""


@declared(kw_only=True)
class PublishedWeights(Declared):
    """Weights that can be fetched by name, and what they were trained for."""

    place = "weights"

    name: Annotated[str, about("Name", "its publisher's, such as IMAGENET1K_V1")]
    file: Annotated[str, about("File", "its name in the folder of weights")]
    address: Annotated[str, about("Address", "from which it is fetched")]
    sha256: Annotated[
        str, about("SHA-256", "of the file, or its first digits, by which it is checked")
    ]
    licence: Annotated[str, about("Licence", "as the publisher states it")]
    image: Annotated[ImageShape, about("Image", "shape of the images that they learned from")]
    normalisation: Annotated[Normalisation, about("Normalisation", "of these images")]
    classes: Annotated[Whole, about("Classes", "how many they tell apart", ge=1)]
