"""Settings of the strategies. No torch here, so that a config is judged before anything trains."""

from collections.abc import Mapping
from typing import Annotated

from search_engine.spec.declared import Declared, Number, Whole, about, declared
from search_engine.spec.errors import InvalidConfig


@declared
class ReinforceSettings(Declared):
    """How the controller is built and learns; the defaults are the paper's but for `max_weight`."""

    place = "strategy_settings"
    may_lack = None

    hidden: Annotated[Whole, about("Hidden", "width of the encoder's states", ge=1)] = 100
    embedding: Annotated[Whole, about("Embedding", "width of the encoder's embeddings", ge=1)] = 10
    learning_rate: Annotated[Number, about("Learning rate", "of Adam", gt=0)] = 0.006
    batch: Annotated[Whole, about("Batch", "in an update", unit="cells", ge=1)] = 10
    entropy_bonus: Annotated[
        Number, about("Entropy bonus", "weight of the entropy beside the reward", ge=0)
    ] = 0.01
    baseline_decay: Annotated[
        Number,
        about(
            "Baseline decay", "weight of the old baseline against a new batch's mean", ge=0, lt=1
        ),
    ] = 0.95
    max_gradient_norm: Annotated[
        Number, about("Largest gradient norm", "longer gradients are scaled down to it", gt=0)
    ] = 40.0
    # A growth's weight is a product over all of its decisions, so a few late cells can outweigh
    # their batch. Measured on the synthetic reward of benchmarks/controller.py with 40 trials under
    # way: weights up to 30 and an effective 24 % of the cells uncut, 63 % cut at 2, which is above
    # nine tenths of the weights. The bias is what is cut from cells that have become much likelier;
    # it turns no cell's gradient round, and these cells will be drawn again.
    max_weight: Annotated[
        Number, about("Largest weight", "importance weights are cut here", ge=1)
    ] = 2.0


@declared
class EvolutionSettings(Declared):
    """Sizes for searches of some hundred trials (the paper's are 100 and 25 for 20,000)."""

    place = "strategy_settings"
    may_lack = None

    population: Annotated[
        Whole,
        about(
            "Population",
            "how many of the latest cells may become parents; as many are random at first",
            unit="cells",
            ge=1,
        ),
    ] = 50
    tournament: Annotated[
        Whole,
        about(
            "Tournament",
            "how many of them are drawn for one parent, the best of which it is",
            unit="cells",
            ge=1,
        ),
    ] = 10

    def __post_init__(self) -> None:
        if self.tournament > self.population:
            raise InvalidConfig(
                "tournament", f"expected 1 to {self.population}, got {self.tournament}"
            )


@declared
class GrowSettings(Declared):
    """How networks grow in generations; see docs/method.md."""

    place = "strategy_settings"
    may_lack = None

    parents: Annotated[
        Whole, about("Parents", "so many of the best networks may have children", ge=1, le=64)
    ] = 3
    patience: Annotated[
        Whole,
        about(
            "Patience",
            "so many children may grow from one network; the search ends when as many of each"
            " parent bring nothing better",
            unit="children",
            ge=1,
            le=64,
        ),
    ] = 6
    noise: Annotated[
        Number,
        about(
            "Noise",
            "accuracies that differ by less are equal, and the cheaper network goes first",
            unit="standard errors",
            ge=0,
        ),
    ] = 0.5
    largest_step: Annotated[
        Number, about("Largest step", "by which a layer becomes wider at once", gt=1, le=8)
    ] = 2.0


@declared
class RandomSettings(Declared):
    """Chance has nothing to set."""

    place = "strategy_settings"


StrategySettings = GrowSettings | ReinforceSettings | RandomSettings | EvolutionSettings

KINDS: Mapping[str, type[StrategySettings]] = {
    "grow": GrowSettings,
    "reinforce": ReinforceSettings,
    "random": RandomSettings,
    "evolution": EvolutionSettings,
}
"""What each strategy can be told, by its name."""

ABOUT: Mapping[str, str] = {
    "grow": "The best networks so far have children: trained on, widened, deepened or with new"
    " paths. It learns which of these moves pays most for its training.",
    "reinforce": "A controller learns from each result which paths to add to the start network:"
    " the paper's way.",
    "random": "Paths are added to the start network by chance: what the others have to beat.",
    "evolution": "Cells that did well are changed a little, and grown from the start network.",
}
"""What each strategy does, in a sentence or two."""


def settings_of(strategy: str, given: Mapping[str, float]) -> StrategySettings:
    """The settings of a strategy; what is not given has its default.

    Raises:
        InvalidConfig: an unknown name, or a value of the wrong type or outside its limits.
    """
    return KINDS[strategy].from_json({name: whole(value) for name, value in given.items()})


def whole(value: float) -> float:
    """A whole number as `int`, which counts are; JSON's numbers may come as `5.0`."""
    return int(value) if float(value).is_integer() else value
