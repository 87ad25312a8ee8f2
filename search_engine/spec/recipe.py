"""How a network is trained: the settings, without torch."""

from enum import StrEnum
from typing import Annotated

from search_engine.spec.declared import Declared, Flag, Number, Whole, about, always, declared
from search_engine.spec.errors import InvalidConfig
from search_engine.spec.photo_augmentation import PhotoAugmentation


class Precision(StrEnum):
    """The precision in which a network computes; its weights are float32 in any case.

    `auto` is `bfloat16` on GPUs that have it, from sm_80 on, and `float32` elsewhere. Accuracies
    are measured in float32 in any case.
    """

    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"
    AUTO = "auto"


class ClassWeights(StrEnum):
    """What an image counts in the loss: as much as any other, or the more the rarer its class."""

    NONE = "none"
    BALANCED = "balanced"


@declared(kw_only=True)
class Recipe(Declared):
    """Settings of a training; the defaults are those of children.

    Reference: Cai et al. 2018 (arXiv:1806.02639), section 4, and the authors' code.
    """

    place = "recipe"
    fixed = always(version=1)
    may_lack = None

    epochs: Annotated[
        Whole, about("Epochs", "passes over the training images", unit="epochs", ge=1, le=100_000)
    ] = 20
    batch_size: Annotated[
        Whole, about("Batch size", "images in a step", unit="images", ge=1, le=65_536)
    ] = 64
    learning_rate: Annotated[
        Number, about("Learning rate", "the highest; it falls to 0 along a cosine", gt=0)
    ] = 0.035
    warmup_epochs: Annotated[
        Number,
        about(
            "Warm-up",
            "the learning rate first rises from 0 in a straight line; shorter than the training",
            unit="epochs",
            ge=0,
        ),
    ] = 0.0
    momentum: Annotated[Number, about("Momentum", "Nesterov's; 0 is plain SGD", ge=0, lt=1)] = 0.9
    weight_decay: Annotated[
        Number, about("Weight decay", "added to the gradient, as a share of the weight", ge=0)
    ] = 1e-4
    decay_norms: Annotated[
        # The authors' code does, and the published accuracies come from it: hence the default.
        Flag, about("Decay norms, too", "also decay biases and the weights of batch norms")
    ] = True
    label_smoothing: Annotated[
        Number, about("Label smoothing", "share of the target spread over all classes", ge=0, lt=1)
    ] = 0.0
    class_weights: Annotated[
        ClassWeights,
        about(
            "Class weights",
            "of images in the loss: balanced is inversely to how many training images of their"
            " class there are, 1 in the mean",
        ),
    ] = ClassWeights.NONE
    gradient_clip: Annotated[
        Number | None,
        about("Gradient clip", "largest norm of the gradient of all weights together", gt=0),
    ] = None
    ema_decay: Annotated[
        Number | None,
        about(
            "Average of weights",
            "share that the moving average of the weights keeps at each step; the averages are"
            " then what is evaluated and what remains",
            gt=0,
            lt=1,
        ),
    ] = None
    annealing: Annotated[
        Number, about("Gates open in", "a share of the training; 0 opens them at once", ge=0, le=1)
    ] = 0.5
    new_rate: Annotated[
        Number,
        about(
            "Rate of new parts",
            "a multiple of the learning rate, for operations and layers that are new in a child",
            gt=0,
            le=100,
        ),
    ] = 1.0
    old_rate: Annotated[
        Number,
        about(
            "Rate of old layers",
            "a multiple of the learning rate, for all but the last layer and new parts: small for"
            " a network that was trained before",
            ge=0,
            le=1,
        ),
    ] = 1.0
    head_epochs: Annotated[
        Whole,
        about(
            "Head first",
            "so long only the last layer and new parts learn; fewer than all",
            unit="epochs",
            ge=0,
            le=100_000,
        ),
    ] = 0
    augmentation: Annotated[
        PhotoAugmentation,
        about("Augmentation", "how training images are changed beside what suits the data set"),
    ] = PhotoAugmentation()
    teacher_weight: Annotated[
        Number,
        about(
            "Weight of the teacher",
            "share of a child's loss that asks for its parent's probabilities in place of labels",
            ge=0,
            le=1,
        ),
    ] = 0.0
    norm_batches: Annotated[
        Whole,
        about(
            "Norms measured on",
            "statistics of batch norms are measured anew after each epoch; 0 keeps their moving"
            " averages",
            unit="batches",
            ge=0,
            le=10_000,
        ),
    ] = 5
    precision: Annotated[Precision, about("Precision", "in which the network computes")] = (
        Precision.AUTO
    )
    lasso_weight: Annotated[
        Number,
        about("Weight of group lasso", "in a CondenseNet's loss", variants=("condensenet",), ge=0),
    ] = 1e-5

    def __post_init__(self) -> None:
        if self.warmup_epochs >= self.epochs:
            raise InvalidConfig(
                "warmup_epochs",
                f"expected less than epochs, {self.epochs}, got {self.warmup_epochs}",
            )
        if self.head_epochs >= self.epochs:
            raise InvalidConfig(
                "head_epochs", f"expected less than epochs, {self.epochs}, got {self.head_epochs}"
            )
