"""Which step, and which training after it, gains most in the demonstration's few seconds?

    python -m benchmarks.demo_recipe
    python -m benchmarks.demo_recipe --table newborn --seeds 3

From the packed start network: one or several generations by hand, each a move and a training, and
the accuracy on the test images against seconds of the processor on one thread. `newborn`: what
helps the parts to learn that a move has added. Keeps each arm of a seed as a JSON line in
`benchmarks/results/demo_recipe.jsonl`; what is there is not run again. Writes its table into
`docs/results.md`.
"""

import argparse
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

import torch

from benchmarks.records import FOLDER, keep_run, read_runs
from benchmarks.report import machine, table
from benchmarks.results import write_section
from search_engine.checkpoint import load_checkpoint
from search_engine.data import SplitDataset, load_dataset
from search_engine.networks import Network
from search_engine.spec import (
    Deepen,
    InsertNode,
    Lineage,
    Merge,
    Morph,
    Operation,
    ReplaceIdentity,
    SetMerge,
    SkeletonConfig,
    Transformation,
    Widen,
    Widening,
)
from search_engine.spec.presets import preset, start_folder
from search_engine.spec.recipe import Recipe
from search_engine.training.metrics import evaluate
from search_engine.training.trainer import Trainer
from search_engine.transforms import inherit

RECORD = FOLDER / "demo_recipe.jsonl"
DEMO = "clothing-demo"
BRIEF = Recipe(epochs=4, learning_rate=0.1, batch_size=64)
PATH = (
    SetMerge((), Merge.ADD, 2),
    InsertNode((0,)),
    ReplaceIdentity((0, 0), Operation.SEP_CONV_3X3),
)


@dataclass(frozen=True)
class Step:
    """A generation: what changes, and how it is trained.

    Args:
        stages: whose layers become wider, or get one more.
        factor: of the widths; 1 changes none.
    """

    stages: tuple[str, ...] = ()
    factor: float = 1.0
    is_deeper: bool = False
    is_path: bool = False
    widening: Widening = Widening.FRESH
    recipe: Recipe = BRIEF

    def trained(self, **changes: Any) -> Self:
        """The same step, with something else in its recipe."""
        return replace(self, recipe=replace(self.recipe, **changes))

    def transformations(self, skeleton: SkeletonConfig) -> tuple[Transformation, ...]:
        """What makes the child of a parent."""
        if self.is_path:
            return PATH
        # Of no stages none: str.startswith(()) is false.
        layers = [
            layer
            for layer in skeleton.hidden_layers().values()
            if layer.name.startswith(self.stages)
        ]
        if self.is_deeper:
            return tuple(Deepen(layer.name) for layer in layers)
        return tuple(Widen(layer.name, round(layer.width * self.factor)) for layer in layers)


LATE = ("stage2", "stage3")
ALL = ("stem", "stage1", *LATE)
REST, LATER, WIDER = Step(), Step(LATE, 4.0), Step(ALL, 2.0)

ARMS: dict[str, tuple[Step, ...]] = {
    "rest": (REST,),
    "stages 2, 3 x4": (LATER,),
    "all stages x2": (WIDER,),
    "stages 2, 3 x4, copies": (replace(LATER, widening=Widening.COPIES),),
    "stages 2, 3 x4, rate 0.05": (LATER.trained(learning_rate=0.05),),
    "stages 2, 3 x4, 2 epochs": (LATER.trained(epochs=2),),
    "stages 2, 3 x4, rate 0.2": (LATER.trained(learning_rate=0.2),),
    "stages 2, 3 x4, then all x2": (LATER, WIDER),
    "rest, three times": (REST, REST, REST),
    "stages 2, 3 x2": (replace(LATER, factor=2.0),),
    "stages 2, 3 deeper": (Step(LATE, is_deeper=True),),
    "path": (Step(is_path=True),),
    "stages 2, 3 x4, batches of 128": (LATER.trained(batch_size=128),),
    "stages 2, 3 x4, batches of 128, rate 0.2": (LATER.trained(batch_size=128, learning_rate=0.2),),
    "stages 2, 3 x2, three times": (replace(LATER, factor=2.0),) * 3,
    "stages 2, 3 x4, 8 epochs": (LATER.trained(epochs=8),),
    "stages 2, 3 x1.5": (replace(LATER, factor=1.5),),
    "stages 2, 3 x1.25": (replace(LATER, factor=1.25),),
    "stages 2, 3 x4, rate 0.02": (LATER.trained(learning_rate=0.02),),
}
"""Generations by name. Where the name says nothing else, each is 4 epochs at rate 0.1 in batches of
64, and its new filters are fresh."""

MOVES = {
    move: step.trained(epochs=8, batch_size=128, learning_rate=0.2)
    for move, step in (
        ("rest", REST),
        ("wider", LATER),
        ("deeper", Step(LATE, is_deeper=True)),
        ("path", Step(is_path=True)),
    )
}
OPTIONS: Mapping[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "gates open at once": ({"annealing": 0.0}, ("deeper", "path")),
    "gates open in a tenth": ({"annealing": 0.1}, ("deeper", "path")),
    "new parts at three times the rate": ({"new_rate": 3.0}, ("deeper", "path")),
    "half of the loss from the parent": ({"teacher_weight": 0.5}, tuple(MOVES)),
    "label smoothing 0.1": ({"label_smoothing": 0.1}, tuple(MOVES)),
    "average of weights 0.99": ({"ema_decay": 0.99}, tuple(MOVES)),
}
"""What may help, and after which moves it can."""

NEWBORN: dict[str, tuple[Step, ...]] = {
    **{move: (step,) for move, step in MOVES.items()},
    "wider: copies": (replace(MOVES["wider"], widening=Widening.COPIES),),
    **{
        f"{move}: {option}": (MOVES[move].trained(**changes),)
        for option, (changes, moves) in OPTIONS.items()
        for move in moves
    },
}
"""One generation of 8 epochs at rate 0.2 in batches of 128, as the demonstration has them."""
TABLES = {"steps": ARMS, "newborn": NEWBORN}


@dataclass(frozen=True)
class Outcome:
    """An arm. Accuracies, after each generation, are of the test images.

    Args:
        seconds: of the processor, for all generations.
    """

    arm: str
    accuracies: list[float]
    validation: float
    parameters: int
    multiply_adds: int
    seconds: float
    table: str = "steps"
    seed: int = 1


def run(table: str, name: str, seed: int, start: Network, data: SplitDataset) -> Outcome:
    """Grow and train, generation by generation."""
    network, accuracies, seconds = start, [], 0.0
    for generation, step in enumerate(TABLES[table][name], start=1):
        began, drawn = time.process_time(), 100 * (seed - 1) + 1 + generation
        changes = step.transformations(network.architecture.skeleton)
        lineage = Lineage(changes, drawn, Morph(widening=step.widening))
        parent, network = network, inherit(network, lineage, data.calibration())
        batches = data.training(step.recipe, seed=drawn)
        teacher = parent if step.recipe.teacher_weight else None
        for _ in Trainer(
            network, step.recipe, batches, data.validation(), seed=drawn, teacher=teacher
        ).run():
            pass
        seconds += time.process_time() - began
        accuracies.append(evaluate(network, data.test()).accuracy)
    cost = network.architecture.cost
    return Outcome(
        name,
        accuracies,
        evaluate(network, data.validation()).accuracy,
        cost.parameters,
        cost.multiply_adds,
        seconds,
        table,
        seed,
    )


def steps_table(found: Sequence[Outcome], start: float) -> str:
    """An arm a line."""
    header = ["arm", "test images, %", "gain over the start network", "parameters", "s", "points/s"]
    rows = [
        [
            one.arm,
            " → ".join(f"{100 * accuracy:.2f}" for accuracy in one.accuracies),
            f"{100 * (one.accuracies[-1] - start):+.2f}",
            f"{one.parameters:,}",
            f"{one.seconds:.0f}",
            f"{100 * (one.accuracies[-1] - start) / one.seconds:.3f}",
        ]
        for one in found
    ]
    return table(header, rows)


def newborn_table(found: Sequence[Outcome], start: float) -> str:
    """An arm a line: the mean of its seeds, and how far it is ahead of the bare move."""
    by_arm: dict[str, dict[int, float]] = {}
    for one in found:
        by_arm.setdefault(one.arm, {})[one.seed] = 100 * one.accuracies[-1]
    seconds = {one.arm: one.seconds for one in found}
    rows = []
    for arm, reached in by_arm.items():
        bare = by_arm.get(arm.split(":")[0], {})
        ahead = [reached[seed] - bare[seed] for seed in sorted(reached.keys() & bare.keys())]
        rows.append(
            [
                arm,
                f"{statistics.fmean(reached.values()):.2f}",
                f"{statistics.fmean(reached.values()) - 100 * start:+.2f}",
                " ".join(f"{one:+.2f}" for one in ahead) if ":" in arm else "",
                f"{statistics.fmean(ahead):+.2f}" if ":" in arm and ahead else "",
                f"{seconds[arm]:.0f}",
            ]
        )
    header = ["arm", "test images, %", "over the start network", "over the move, by seed", "mean"]
    return table([*header, "s"], rows)


SUMMARIES = {"steps": steps_table, "newborn": newborn_table}


def main() -> None:
    """Run the arms that are not there yet, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", choices=TABLES, default="steps")
    parser.add_argument("--seeds", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    config = preset(DEMO)
    data = SplitDataset(load_dataset(config.data.name), config.data, seed=config.split_seed)
    start = load_checkpoint(start_folder(DEMO)).eval()
    found = read_runs(RECORD, Outcome)
    done = {(one.table, one.arm, one.seed) for one in found}
    for seed in range(1, arguments.seeds + 1):
        for name in TABLES[arguments.table]:
            if (arguments.table, name, seed) in done:
                continue
            found.append(run(arguments.table, name, seed, start, data))
            print(found[-1], flush=True)
            keep_run(RECORD, asdict(found[-1]))
    before = evaluate(start, data.test()).accuracy
    seeds = f"{arguments.seeds} seeds" if arguments.seeds > 1 else "One seed"
    mine = [one for one in found if one.table == arguments.table]
    text = (
        f"### {DEMO}: {arguments.table}\n\n{seeds}, from a start network of {100 * before:.2f} % of"
        f" the test images. `python -m benchmarks.demo_recipe --table {arguments.table}"
        f" --seeds {arguments.seeds}`\n\n{SUMMARIES[arguments.table](mine, before)}\n\n{machine()}"
    )
    print(text)
    write_section(f"demo_recipe {arguments.table}", text)


if __name__ == "__main__":
    main()
