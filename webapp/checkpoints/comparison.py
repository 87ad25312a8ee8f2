"""Which images the exports of a checkpoint that was brought in can be compared on. No torch.

A checkpoint of a search has that search's test images. Of others the channels must fit; their
images are resized, as whoever uses the network does it.
"""

from dataclasses import dataclass
from typing import TypedDict

from django.contrib.auth.base_user import AbstractBaseUser

from webapp.checkpoints.models import Checkpoint
from webapp.datasets.models import Dataset
from webapp.datasets.selectors import usable_datasets
from webapp.errors import ProductError

OWN = "its exports are compared on the test images of its search's data set"


class FittingJSON(TypedDict):
    """A data set; `dataset` is its name in settings, `shape` is for people."""

    dataset: str
    name: str
    shape: str
    resized: bool


class ComparisonJSON(TypedDict):
    """Data sets that fit, the likeliest first; `chosen` is empty for noise.

    `has_own` is true of a checkpoint of a search, for which there is nothing to choose.
    """

    has_own: bool
    datasets: list[FittingJSON]
    chosen: str


@dataclass(frozen=True)
class Comparison:
    """What a user can choose for one checkpoint.

    Args:
        fitting: data sets of the user, and published ones, the likeliest first.
    """

    checkpoint: Checkpoint
    fitting: tuple[Dataset, ...] = ()

    @property
    def has_own(self) -> bool:
        return self.checkpoint.search_id is not None

    @property
    def usual(self) -> Dataset | None:
        """Its own, or the only one that fits, or a published one; no upload at random."""
        if len(self.fitting) == 1 or self.checkpoint.dataset in self.fitting:
            return self.fitting[0]
        return next((one for one in self.fitting if one.is_built_in), None)

    def chosen(self, name: str | None) -> Dataset | None:
        """The data set that a request means.

        Args:
            name: in settings; empty for noise, None for the usual one.

        Raises:
            ProductError: it does not fit, or there is nothing to choose.
        """
        if not name:
            return self.usual if name is None else None
        if self.has_own:
            raise _refused(OWN)
        found = next((one for one in self.fitting if one.engine_name == name), None)
        if found is None:
            names = ", ".join(one.engine_name for one in self.fitting[:20]) or "none that fits"
            raise _refused(f"expected one of {names}; got {name[:60]!r}")
        return found

    def to_json(self) -> ComparisonJSON:
        fitting: list[FittingJSON] = [
            {
                "dataset": one.engine_name,
                "name": one.name,
                "shape": one.shape_text,
                "resized": one.size != self.checkpoint.image[1:],
            }
            for one in self.fitting
        ]
        usual = self.usual.engine_name if self.usual else ""
        return {"has_own": self.has_own, "datasets": fitting, "chosen": usual}


def of(user: AbstractBaseUser, checkpoint: Checkpoint) -> Comparison:
    """What this user can choose for this checkpoint."""
    if checkpoint.search_id is not None:
        return Comparison(checkpoint)
    channels, *size = checkpoint.image

    def likeliest(one: Dataset) -> tuple[bool, ...]:
        return one.pk != checkpoint.dataset_id, one.size != size, not one.is_built_in

    fitting = usable_datasets(user).filter(image_channels=channels)
    return Comparison(checkpoint, tuple(sorted(fitting, key=likeliest)))


def _refused(reason: str) -> ProductError:
    return ProductError(f"dataset: {reason}", "unusable", fields={"dataset": reason})
