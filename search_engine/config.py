"""All inputs of a search, frozen at its launch."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self, TypeVar

from search_engine.architecture import (
    DenseNetConfig,
    Morph,
    MorphKind,
    SearchSpace,
    SkeletonConfig,
    skeleton_from_json,
)
from search_engine.architecture.documents import Document, Reader
from search_engine.architecture.skeletons.base import check_range
from search_engine.early_stopping import EarlyStopping
from search_engine.errors import InvalidConfig
from search_engine.objective import Objective
from search_engine.strategy_settings import check_settings
from search_engine.training import Recipe

T = TypeVar("T")

SEARCH_CONFIG_VERSION = 1
STRATEGIES = ("reinforce", "random", "evolution")
MAX_TRIALS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DataConfig:
    """Which images, and how they are divided.

    Args:
        name: of a published data set, or the path of a folder or zip of images.
        validation: images held out to measure children on.
        calibration: training images held out for batch-norm calibration and distillation.
        train_limit: at most so many training images; None for all.
    """

    name: str = "digits"
    validation: int = 300
    calibration: int = 100
    train_limit: int | None = None

    def __post_init__(self) -> None:
        check_range("data.validation", self.validation, 1, 10**9)
        check_range("data.calibration", self.calibration, 1, 10**9)
        if self.train_limit is not None:
            check_range("data.train_limit", self.train_limit, 1, 10**9)


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """When a search ends: at the first of these.

    Args:
        max_trials: so many trials have ended.
        max_epochs: so many epochs have been trained in all trials together.
        max_seconds: so many seconds of running time have passed.
    """

    max_trials: int = 500
    max_epochs: int | None = None
    max_seconds: int | None = None

    def __post_init__(self) -> None:
        check_range("budget.max_trials", self.max_trials, 1, MAX_TRIALS)
        for name in ("max_epochs", "max_seconds"):
            value = getattr(self, name)
            if value is not None:
                check_range(f"budget.{name}", value, 1, 10**9)


@dataclass(frozen=True, kw_only=True)
class SearchConfig:
    """A search.

    Args:
        data: which images.
        skeleton: of the start network.
        start_recipe: how the start network is trained.
        space: which cells may be built; its start edge and groups must be the skeleton's.
        strategy: `reinforce`, `random` or `evolution`.
        strategy_settings: of that strategy, where they are not the default.
        morph: how new operations start.
        inherit: children start from the start network's weights; from scratch where False.
        recipe: how children are trained.
        objective: costs that count beside the accuracy.
        measure_latency: measure each child's latency and memory, also where they do not count.
        early_stopping: when children are stopped.
        budget: when the search ends.
        parallel: how many trials are in flight at once.
        keep: how many of the best trials' checkpoints are kept.
        seed: of every draw.

    Raises:
        InvalidConfig: a setting is outside its limits, or two do not go together.
    """

    data: DataConfig = field(default_factory=DataConfig)
    skeleton: SkeletonConfig = field(default_factory=DenseNetConfig)
    start_recipe: Recipe = field(default_factory=Recipe)
    space: SearchSpace = field(default_factory=SearchSpace)
    strategy: str = "reinforce"
    strategy_settings: tuple[tuple[str, float], ...] = ()
    morph: Morph = field(default_factory=Morph)
    inherit: bool = True
    recipe: Recipe = field(default_factory=Recipe)
    objective: Objective = field(default_factory=Objective)
    measure_latency: bool = False
    early_stopping: EarlyStopping = field(default_factory=EarlyStopping)
    budget: Budget = field(default_factory=Budget)
    parallel: int = 1
    keep: int = 3
    seed: int = 0

    def __post_init__(self) -> None:
        if self.strategy not in STRATEGIES:
            expected = ", ".join(STRATEGIES)
            raise InvalidConfig("strategy", f"expected one of {expected}, got {self.strategy!r}")
        check_range("parallel", self.parallel, 1, 1024)
        check_range("keep", self.keep, 1, 10_000)
        check_range("seed", self.seed, 0, 2**32 - 1)
        settings = tuple(sorted(dict(self.strategy_settings).items()))
        object.__setattr__(self, "strategy_settings", settings)
        check_settings(self.strategy, dict(settings))
        self._check_space()
        if not self.inherit and not self.skeleton.has_fresh_weights:
            raise InvalidConfig(
                "inherit",
                "a network that was exported has no fresh weights: its children must inherit",
            )
        if self.inherit and self.morph.kind is MorphKind.EXACT:
            raise InvalidConfig(
                "morph.kind",
                "a search needs annealed or distilled: exact admits no pools, and in most orders"
                " no new operation",
            )

    def _check_space(self) -> None:
        if self.space.start_cell != self.skeleton.start_cell:
            (edge,) = self.skeleton.start_cell.root.branches
            raise InvalidConfig(
                "search_space.start_edge",
                f"expected {edge.operation}, the start cell of {self.skeleton.family} with"
                f" {self.skeleton.groups} groups, got {self.space.start_edge}",
            )
        if self.space.groups != self.skeleton.groups:
            raise InvalidConfig(
                "search_space.groups",
                f"expected the skeleton's {self.skeleton.groups}, got {self.space.groups}",
            )

    def to_json(self) -> Document:
        """The config as plain values for `json.dumps`."""
        return {
            "version": SEARCH_CONFIG_VERSION,
            "data": dataclasses.asdict(self.data),
            "skeleton": self.skeleton.to_json(),
            "start_recipe": self.start_recipe.to_json(),
            "search_space": self.space.to_json(),
            "strategy": self.strategy,
            "strategy_settings": dict(self.strategy_settings),
            "morph": self.morph.to_json(),
            "inherit": self.inherit,
            "recipe": self.recipe.to_json(),
            "objective": self.objective.to_json(),
            "measure_latency": self.measure_latency,
            "early_stopping": self.early_stopping.to_json(),
            "budget": dataclasses.asdict(self.budget),
            "parallel": self.parallel,
            "keep": self.keep,
            "seed": self.seed,
        }

    @classmethod
    def from_json(cls, document: object) -> Self:
        """A config from what `to_json` made.

        Raises:
            InvalidConfig: malformed; the message names the field.
        """
        reader = Reader(document, "search")
        reader.version(SEARCH_CONFIG_VERSION)
        config = cls(
            data=_read_data(reader.take("data")),
            skeleton=_part("skeleton", skeleton_from_json, reader),
            start_recipe=_part("start_recipe", Recipe.from_json, reader),
            space=_part("search_space", SearchSpace.from_json, reader),
            strategy=reader.string("strategy"),
            strategy_settings=tuple(reader.numbers("strategy_settings").items()),
            morph=Morph.from_json(reader.take("morph")),
            inherit=reader.boolean("inherit"),
            recipe=Recipe.from_json(reader.take("recipe")),
            objective=Objective.from_json(reader.take("objective")),
            # Configs from before it was there lack it.
            measure_latency="measure_latency" in reader and reader.boolean("measure_latency"),
            early_stopping=EarlyStopping.from_json(reader.take("early_stopping")),
            budget=_read_budget(reader.take("budget")),
            parallel=reader.integer("parallel"),
            keep=reader.integer("keep"),
            seed=reader.integer("seed"),
        )
        reader.done()
        return config


def _part(name: str, read: Callable[[object], T], whole: Reader) -> T:
    """A part of the config; what is wrong in it is named by its place in the whole."""
    document = whole.take(name)
    try:
        return read(document)
    except InvalidConfig as error:
        if error.field == name or error.field.startswith(f"{name}."):
            raise
        within = error.field.removeprefix("recipe").removeprefix(".")
        raise InvalidConfig(f"{name}.{within}" if within else name, error.reason) from error


def _read_data(document: object) -> DataConfig:
    reader = Reader(document, "data")
    data = DataConfig(
        name=reader.string("name"),
        validation=reader.integer("validation"),
        calibration=reader.integer("calibration"),
        train_limit=reader.optional_integer("train_limit"),
    )
    reader.done()
    return data


def _read_budget(document: object) -> Budget:
    reader = Reader(document, "budget")
    budget = Budget(
        max_trials=reader.integer("max_trials"),
        max_epochs=reader.optional_integer("max_epochs"),
        max_seconds=reader.optional_integer("max_seconds"),
    )
    reader.done()
    return budget
