"""Which step, and which training after it, gains most in the demonstration's few seconds?

    python -m benchmarks.demo_recipe

From the packed start network: one or several generations by hand, each a move and a training, and
the accuracy on the test images against seconds of the processor on one thread. Keeps each arm as a
JSON line in `benchmarks/results/demo_recipe.jsonl`; arms that are there are not run again. Writes
its table into `docs/results.md`.
"""

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch

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

RECORD = Path(__file__).parent / "results" / "demo_recipe.jsonl"
DEMO = "clothing-demo"
SEED = 1
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
    epochs: int = 4
    learning_rate: float = 0.1
    batch_size: int = 64
    widening: Widening = Widening.FRESH

    @property
    def recipe(self) -> Recipe:
        """How the child is trained."""
        return Recipe(
            epochs=self.epochs, learning_rate=self.learning_rate, batch_size=self.batch_size
        )

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
    "stages 2, 3 x4, rate 0.05": (replace(LATER, learning_rate=0.05),),
    "stages 2, 3 x4, 2 epochs": (replace(LATER, epochs=2),),
    "stages 2, 3 x4, rate 0.2": (replace(LATER, learning_rate=0.2),),
    "stages 2, 3 x4, then all x2": (LATER, WIDER),
    "rest, three times": (REST, REST, REST),
    "stages 2, 3 x2": (replace(LATER, factor=2.0),),
    "stages 2, 3 deeper": (Step(LATE, is_deeper=True),),
    "path": (Step(is_path=True),),
    "stages 2, 3 x4, batches of 128": (replace(LATER, batch_size=128),),
    "stages 2, 3 x4, batches of 128, rate 0.2": (
        replace(LATER, batch_size=128, learning_rate=0.2),
    ),
    "stages 2, 3 x2, three times": (replace(LATER, factor=2.0),) * 3,
    "stages 2, 3 x4, 8 epochs": (replace(LATER, epochs=8),),
    "stages 2, 3 x1.5": (replace(LATER, factor=1.5),),
    "stages 2, 3 x1.25": (replace(LATER, factor=1.25),),
    "stages 2, 3 x4, rate 0.02": (replace(LATER, learning_rate=0.02),),
}
"""Generations by name. Where the name says nothing else, each is 4 epochs at rate 0.1 in batches of
64, and its new filters are fresh."""


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


def run(name: str, start: Network, data: SplitDataset) -> Outcome:
    """Grow and train, generation by generation."""
    network, accuracies, seconds = start, [], 0.0
    for generation, step in enumerate(ARMS[name], start=1):
        began, seed = time.process_time(), SEED + generation
        changes = step.transformations(network.architecture.skeleton)
        lineage = Lineage(changes, seed, Morph(widening=step.widening))
        network = inherit(network, lineage, data.calibration())
        batches = data.training(step.recipe, seed=seed)
        for _ in Trainer(network, step.recipe, batches, data.validation(), seed=seed).run():
            pass
        seconds += time.process_time() - began
        accuracies.append(evaluate(network, data.test()).accuracy)
    cost = network.architecture.cost
    validation = evaluate(network, data.validation()).accuracy
    return Outcome(name, accuracies, validation, cost.parameters, cost.multiply_adds, seconds)


def read_record() -> dict[str, Outcome]:
    """The arms of an earlier run."""
    if not RECORD.exists():
        return {}
    lines = RECORD.read_text(encoding="utf-8").splitlines()
    return {one.arm: one for one in (Outcome(**json.loads(line)) for line in lines)}


def summary(found: Sequence[Outcome], start: float) -> str:
    """The table, an arm a line."""
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


def main() -> None:
    """Run the arms that are not there yet, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--arms", nargs="*", choices=ARMS, default=list(ARMS))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    config = preset(DEMO)
    data = SplitDataset(load_dataset(config.data.name), config.data, seed=config.split_seed)
    start = load_checkpoint(start_folder(DEMO))
    found = read_record()
    for name in arguments.arms:
        if name not in found:
            found[name] = run(name, start, data)
            print(found[name], flush=True)
            with RECORD.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(found[name])) + "\n")
    before = evaluate(start, data.test()).accuracy
    text = (
        f"### {DEMO}: steps and trainings\n\nOne seed, from a start network of"
        f" {100 * before:.2f} % of the test images. `python -m benchmarks.demo_recipe`\n\n"
        f"{summary(list(found.values()), before)}\n\n{machine()}"
    )
    print(text)
    write_section("demo_recipe", text)


if __name__ == "__main__":
    main()
