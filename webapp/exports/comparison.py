"""On whose images the exports of a checkpoint that was brought in can be compared. No torch.

A checkpoint of a search has its own data set. Of others the channels must fit; their images are
resized, as whoever uses the network does it.
"""

from dataclasses import dataclass
from typing import TypedDict

from django.contrib.auth.base_user import AbstractBaseUser

from webapp.checkpoints.models import Checkpoint
from webapp.datasets.models import Dataset
from webapp.errors import ProductError
from webapp.searches.datasets import usable_datasets

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
        has_own: it is of a search.
        fitting: data sets of the user, and published ones, the likeliest first.
        usual: the one that counts where the user names none; None for noise.
        size: height and width in pixels of the images that the network takes.
    """

    has_own: bool
    fitting: tuple[Dataset, ...] = ()
    usual: Dataset | None = None
    size: tuple[int, int] = (0, 0)

    def chosen(self, name: str | None) -> Dataset | None:
        """The data set that a request means.

        Args:
            name: in settings; empty for noise, None for the usual one.

        Raises:
            ProductError: it does not fit, or there is nothing to choose.
        """
        if not name or self.has_own:
            if name:
                raise _refused(OWN)
            return self.usual if name is None else None
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
                "resized": _size(one) != self.size,
            }
            for one in self.fitting
        ]
        usual = self.usual.engine_name if self.usual else ""
        return {"has_own": self.has_own, "datasets": fitting, "chosen": usual}


def of(user: AbstractBaseUser, checkpoint: Checkpoint) -> Comparison:
    """What this user can choose for this checkpoint."""
    if checkpoint.search_id is not None:
        return Comparison(has_own=True)
    channels, *size = checkpoint.description["architecture"]["skeleton"]["image"]
    wanted = (size[0], size[1])
    named = _named_by(checkpoint)

    def likeliest(one: Dataset) -> tuple[bool, ...]:
        return not named & {one.engine_name, one.name}, _size(one) != wanted, not one.is_built_in

    fitting = sorted(usable_datasets(user).filter(image_channels=channels), key=likeliest)
    return Comparison(
        has_own=False, fitting=tuple(fitting), usual=_usual(fitting, named), size=wanted
    )


def _usual(fitting: list[Dataset], named: set[str]) -> Dataset | None:
    """The one that it was made for, or the only one, or a published one; no upload at random."""
    if not fitting:
        return None
    first = fitting[0]
    if len(fitting) == 1 or named & {first.engine_name, first.name}:
        return first
    return next((one for one in fitting if one.is_built_in), None)


def _named_by(checkpoint: Checkpoint) -> set[str]:
    """The data set that it says it was trained on, and the one that it was made for."""
    made_for = checkpoint.start_networks.values_list("dataset__engine_name", flat=True)
    return {checkpoint.trained_on.get("name", ""), *made_for} - {"", None}


def _size(dataset: Dataset) -> tuple[int, int]:
    return dataset.image_height, dataset.image_width


def _refused(reason: str) -> ProductError:
    return ProductError(f"dataset: {reason}", fields={"dataset": reason})
