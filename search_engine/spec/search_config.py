"""All inputs of a search, frozen at its launch."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Self

from search_engine.spec import (
    Architecture,
    DenseNetConfig,
    Morph,
    MorphKind,
    SearchSpace,
    search_space_of,
)
from search_engine.spec.cell_json import CellField
from search_engine.spec.declared import (
    Declared,
    Flag,
    Number,
    OneOf,
    Pairs,
    Whole,
    about,
    always,
    declared,
)
from search_engine.spec.early_stopping import EarlyStopping
from search_engine.spec.errors import InvalidConfig
from search_engine.spec.measures import Measure
from search_engine.spec.objective import Objective
from search_engine.spec.recipe import Recipe
from search_engine.spec.skeletons import SkeletonField
from search_engine.spec.start_training import ONE_ROUND, StartRounds
from search_engine.spec.strategy_settings import KINDS, settings_of

STRATEGIES = tuple(KINDS)
MAX_TRIALS = 1_000_000


ImagesLimit = Annotated[
    Whole | None,
    about("Training limit", "at most so many training images", unit="images", ge=1, le=10**9),
]
SeedField = Annotated[Whole, about("Seed", "of every draw", ge=0, le=2**32 - 1)]
DataName = Annotated[
    str, about("Data set", "a published data set, or the path of a folder or zip of images")
]


@declared(kw_only=True)
class DataConfig(Declared):
    """Which images, and how they are divided."""

    place = "data"
    may_lack = ("seed",)

    name: DataName = "digits"
    validation: Annotated[
        Whole, about("Validation", "held out to measure children on", unit="images", ge=1, le=10**9)
    ] = 300
    calibration: Annotated[
        Whole,
        about(
            "Calibration",
            "training images held out for batch norms and distillation",
            unit="images",
            ge=1,
            le=10**9,
        ),
    ] = 100
    train_limit: ImagesLimit = None
    seed: Annotated[
        Whole | None,
        about(
            "Seed of the split",
            "which images go where; that of the search by default. A network that was trained"
            " before needs the split that it was trained on",
            ge=0,
            le=2**32 - 1,
        ),
    ] = None

    @property
    def tested(self) -> None:
        """Which fold is for test: a search has the usual test images."""
        return None


@declared(kw_only=True)
class Budget(Declared):
    """When a search ends: at the first of these."""

    place = "budget"
    may_lack = ("max_compute",)

    max_trials: Annotated[
        Whole, about("Trials", "so many have ended", unit="trials", ge=1, le=MAX_TRIALS)
    ] = 500
    max_epochs: Annotated[
        Whole | None,
        about("Epochs in all", "trained in all trials together", unit="epochs", ge=1, le=10**9),
    ] = None
    max_seconds: Annotated[
        Whole | None, about("Running time", "that may pass", unit="s", ge=1, le=10**9)
    ] = None
    max_compute: Annotated[
        Number | None,
        about(
            "Compute",
            "of all trainings together, so that large children pay for what they cost",
            unit="10^12 multiply-adds",
            gt=0,
        ),
    ] = None


@declared(kw_only=True)
class Confirmation(Declared):
    """The best children are trained once more, so that chance does not choose the winner."""

    place = "confirmation"

    finalists: Annotated[
        Whole, about("Finalists", "so many of the best; 0 confirms nothing", ge=0, le=100)
    ] = 5
    seeds: Annotated[Whole, about("Seeds", "with which each is trained", ge=1, le=100)] = 3


@declared(kw_only=True)
class SearchConfig(Declared):
    """A search."""

    place = "search"
    is_whole = True
    fixed = always(version=1)
    may_lack = ("measure", "measure_latency", "start_cell", "start_rounds")

    data: Annotated[DataConfig, about("Data", "which images, and how they are divided")] = (
        DataConfig()
    )
    skeleton: Annotated[SkeletonField, about("Skeleton", "of the start network")] = DenseNetConfig()
    start_cell: Annotated[
        CellField | None, about("Start cell", "one that has grown already; null: the skeleton's")
    ] = None
    start_recipe: Annotated[Recipe, about("Training of the start network", "how it is trained")] = (
        Recipe()
    )
    start_rounds: Annotated[
        StartRounds, about("Rounds of the start network", "how often its training goes on")
    ] = StartRounds()
    space: Annotated[
        SearchSpace, about("Search space", "which cells may be built", alias="search_space")
    ] = SearchSpace()
    strategy: Annotated[str, OneOf(KINDS), about("Strategy", "who proposes cells")] = "reinforce"
    strategy_settings: Annotated[
        tuple[tuple[str, float], ...],
        Pairs(Number),
        about("Settings of the strategy", "where they are not the default"),
    ] = ()
    morph: Annotated[Morph, about("Morph", "how new operations start")] = Morph()
    inherit: Annotated[
        Flag, about("Children inherit weights", "those of the start network; else from scratch")
    ] = True
    recipe: Annotated[Recipe, about("Training of children", "how they are trained")] = Recipe()
    measure: Annotated[
        Measure,
        about("Judged by", "what the reward comes from, and which trial is the best"),
    ] = Measure.ACCURACY
    objective: Annotated[Objective, about("Objective", "costs that count beside the accuracy")] = (
        Objective()
    )
    measure_latency: Annotated[
        Flag,
        about(
            "Measure latency and memory",
            "of each child on its worker's device; always where the objective counts them",
        ),
    ] = False
    early_stopping: Annotated[
        EarlyStopping, about("Early stopping", "when children are stopped")
    ] = EarlyStopping()
    budget: Annotated[Budget, about("Budget", "when the search ends")] = Budget()
    control: Annotated[
        Whole,
        about(
            "Control",
            "how often the start network is trained as the children are, without growing; with the"
            " strategy grow as often as the best network's line is long; 0 measures no gain",
            unit="trials",
            ge=0,
            le=100,
        ),
    ] = 3
    confirmation: Annotated[
        Confirmation, about("Confirmation", "of the best, before the test images are looked at")
    ] = Confirmation()
    parallel: Annotated[
        Whole,
        about(
            "At once",
            "trials in flight; 0: as many as there are workers that train",
            unit="trials",
            ge=0,
            le=1024,
        ),
    ] = 0
    keep: Annotated[
        Whole, about("Checkpoints kept", "of the best trials", unit="checkpoints", ge=1, le=10_000)
    ] = 3
    seed: SeedField = 0

    @classmethod
    def opened(cls, document: Mapping[str, Any]) -> Mapping[str, Any]:
        """Searches of before had one round, neither control nor confirmation, and go on so."""
        before = {
            "control": 0,
            "confirmation": Confirmation(finalists=0),
            "start_rounds": ONE_ROUND,
        }
        return super().opened({**before, **document})

    def at_once(self, workers: int) -> int:
        """How many trials may be in flight where so many workers train."""
        return self.parallel or max(1, workers)

    @property
    def has_parents(self) -> bool:
        """Whether children grow from children; else all grow from the start network."""
        return self.strategy == "grow"

    def start_architecture(self, classes: int) -> Architecture:
        """The start network, with as many classes."""
        skeleton = replace(self.skeleton, classes=classes)
        return Architecture(skeleton, self.start_cell or skeleton.start_cell)

    def started_from(self, architecture: Architecture) -> Self:
        """The search that starts from another network, in a space with room for its cell.

        Raises:
            InvalidConfig: it has grown, and the strategy cannot begin with such a network.
        """
        skeleton, cell = architecture.skeleton, architecture.cell
        space = search_space_of(skeleton, self.space).with_room_for(cell)
        start_cell = None if cell == skeleton.start_cell else cell
        return replace(self, skeleton=skeleton, start_cell=start_cell, space=space)

    @property
    def split_seed(self) -> int:
        """The seed by which the images are divided."""
        return self.seed if self.data.seed is None else self.data.seed

    def __post_init__(self) -> None:
        settings_of(self.strategy, dict(self.strategy_settings))
        self._check_space()
        self._check_growth()
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

    def _check_growth(self) -> None:
        if self.has_parents and not self.inherit:
            raise InvalidConfig(
                "inherit", "the strategy grow needs it: children grow from children"
            )
        if self.start_cell is None:
            return
        if not self.has_parents:
            raise InvalidConfig(
                "strategy", "expected grow: only it can begin with a network that has grown"
            )
        if not self.space.admits(self.start_cell):
            raise InvalidConfig("start_cell", "expected a cell of the search space")

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
