"""Random changes to training images that suit photographs, beside those of the data set."""

from typing import Annotated

from search_engine.spec.declared import Declared, Flag, Number, Whole, about, declared


@declared(kw_only=True)
class PhotoAugmentation(Declared):
    """How training images are changed, each in its own way; by default not at all."""

    place = "augmentation"
    may_lack = None

    crop_area: Annotated[
        Number,
        about(
            "Random resized crop",
            "smallest share of an image's area that is cut out, and resized to the whole size; 1"
            " cuts nothing",
            gt=0,
            le=1,
        ),
    ] = 1.0
    flip: Annotated[
        Flag, about("Mirror", "left to right, every second image on average; wrong for letters")
    ] = False
    colour: Annotated[
        Number,
        about(
            "Colour",
            "largest change of brightness, contrast and saturation, as a share; a quarter of it for"
            " the hue",
            ge=0,
            le=1,
        ),
    ] = 0.0
    rand_augment: Annotated[
        Whole,
        about("RandAugment", "so many of its operations on each image; 0: none", ge=0, le=10),
    ] = 0
    rand_magnitude: Annotated[
        Whole, about("Magnitude of RandAugment", "how strong its operations are", ge=0, le=30)
    ] = 9
    mixup: Annotated[
        Number,
        about(
            "Mixup",
            "parameter of the beta distribution by which pairs of images and of labels are mixed;"
            " 0: none",
            ge=0,
            le=10,
        ),
    ] = 0.0
    cutmix: Annotated[
        Number,
        about(
            "CutMix",
            "the same, of images that are pasted into others; with Mixup each batch has one of the"
            " two",
            ge=0,
            le=10,
        ),
    ] = 0.0

    @property
    def varies(self) -> bool:
        """Whether images are changed one by one."""
        return self.crop_area < 1 or self.flip or self.colour > 0 or self.rand_augment > 0

    @property
    def mixes(self) -> bool:
        """Whether images are mixed with others of their batch, and so their labels."""
        return self.mixup > 0 or self.cutmix > 0
