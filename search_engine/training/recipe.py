"""How a network is trained: the settings, without torch."""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import NoReturn, Self

from search_engine.architecture.documents import Document, Reader, describe
from search_engine.errors import InvalidConfig

RECIPE_VERSION = 1

_LIMITS: dict[str, tuple[Callable[[float], bool], str]] = {
    "epochs": (lambda value: 1 <= value <= 100_000, "a whole number, 1 to 100,000"),
    "batch_size": (lambda value: 1 <= value <= 65_536, "a whole number, 1 to 65,536"),
    "learning_rate": (lambda value: value > 0, "a number above 0"),
    "warmup_epochs": (lambda value: value >= 0, "a number, 0 or more"),
    "momentum": (lambda value: 0 <= value < 1, "a number, 0 to below 1"),
    "weight_decay": (lambda value: value >= 0, "a number, 0 or more"),
    "label_smoothing": (lambda value: 0 <= value < 1, "a number, 0 to below 1"),
    "gradient_clip": (lambda value: value > 0, "a number above 0, or null"),
    "ema_decay": (lambda value: 0 < value < 1, "a number between 0 and 1, or null"),
    "annealing": (lambda value: 0 <= value <= 1, "a number, 0 to 1"),
    "norm_batches": (lambda value: 0 <= value <= 10_000, "a whole number, 0 to 10,000"),
    "lasso_weight": (lambda value: value >= 0, "a number, 0 or more"),
}
_WHOLE = ("epochs", "batch_size", "norm_batches")
_OPTIONAL = ("gradient_clip", "ema_decay")


class Precision(StrEnum):
    """In what a network computes; its weights are float32 in any case.

    `auto` is `bfloat16` on CUDA and `float32` elsewhere.
    """

    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"
    AUTO = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Settings of a training; the defaults are those of children (METHOD section 6).

    Args:
        epochs: passes over the training images.
        batch_size: images in a step.
        learning_rate: the highest; it falls to 0 along a cosine.
        warmup_epochs: in which the learning rate first rises from 0, in a straight line.
        momentum: Nesterov's; 0 is plain SGD.
        weight_decay: added to the gradient, as a share of the weight.
        decay_norms: also decay biases and the weights of batch norms. The authors' code does, and
            the published accuracies come from it: hence the default.
        label_smoothing: share of the target that is spread over all classes.
        gradient_clip: the largest norm of the gradient of all weights together, or None.
        ema_decay: share that the moving average of the weights keeps at each step, or None for no
            average. With it, the averages are what is evaluated and what remains in the end.
        annealing: share of the training in which gates open; 0 opens them at once.
        norm_batches: on how many training batches the statistics of batch norms are measured anew
            after each epoch, before the network is judged; 0 keeps their moving averages.
        precision: in what the network computes.
        lasso_weight: of the group lasso in a CondenseNet's loss.

    Raises:
        InvalidConfig: a setting has the wrong type, or lies outside its limits.

    Reference: Cai et al. 2018 (arXiv:1806.02639), section 4, and the authors' code.
    """

    epochs: int = 20
    batch_size: int = 64
    learning_rate: float = 0.035
    warmup_epochs: float = 0.0
    momentum: float = 0.9
    weight_decay: float = 1e-4
    decay_norms: bool = True
    label_smoothing: float = 0.0
    gradient_clip: float | None = None
    ema_decay: float | None = None
    annealing: float = 0.5
    norm_batches: int = 5
    precision: Precision = Precision.AUTO
    lasso_weight: float = 1e-5

    def __post_init__(self) -> None:
        for field, (is_legal, expected) in _LIMITS.items():
            value = getattr(self, field)
            if value is None and field in _OPTIONAL:
                continue
            if not _is_number(value, whole=field in _WHOLE) or not is_legal(value):
                _fail(field, expected, value)
        if self.warmup_epochs >= self.epochs:
            _fail("warmup_epochs", f"less than epochs, {self.epochs}", self.warmup_epochs)
        if type(self.decay_norms) is not bool:
            _fail("decay_norms", "true or false", self.decay_norms)
        if self.precision not in list(Precision):
            _fail("precision", f"one of {', '.join(Precision)}", self.precision)
        object.__setattr__(self, "precision", Precision(self.precision))

    def to_json(self) -> Document:
        """The settings as plain values for `json.dumps`."""
        return {"version": RECIPE_VERSION, **asdict(self), "precision": self.precision.value}

    @classmethod
    def from_json(cls, document: object) -> Self:
        """Settings from what `to_json` made; fields that are left out have their defaults.

        Raises:
            InvalidConfig: malformed; the message names the field.
        """
        reader = Reader(document, "recipe")
        reader.version(RECIPE_VERSION)
        names = [field.name for field in fields(cls) if field.name in reader]
        given = {name: reader.take(name) for name in names}
        reader.done()
        return cls(**given)  # type: ignore[arg-type]  # checked when constructed


def _is_number(value: object, *, whole: bool) -> bool:
    """A finite number; `True` is none."""
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        return False
    return math.isfinite(value)


def _fail(field: str, expected: str, value: object) -> NoReturn:
    raise InvalidConfig(f"recipe.{field}", f"expected {expected}, got {describe(value)}")
