"""Do searches take as long as they are estimated to? Six of them, small, of every kind.

    python -m benchmarks.estimates [--cases digits …]

Counted are seconds of the processor and not of the clock, so that other work on the machine does
not matter. How fast the machine is, is measured before and after each, on two networks that are in
none of the cases. Writes its table into `docs/results.md`; the goal is a factor of 1.5 either way.
"""

import argparse
import time
from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass, replace

import torch

from benchmarks.report import machine, table
from benchmarks.results import write_section
from search_engine.data import Dataset, SplitDataset, load_dataset
from search_engine.networks import Network
from search_engine.networks.adopted import adopt, outline_torchvision
from search_engine.search.evaluation import Evaluator, train_start_network
from search_engine.search.search import Search
from search_engine.spec import (
    ChainNetConfig,
    DenseNetConfig,
    ImageShape,
    Operation,
    SearchSpace,
)
from search_engine.spec.duration import Duration, Images, Speed, duration_of
from search_engine.spec.recipe import Recipe
from search_engine.spec.search_config import Budget, Confirmation, DataConfig, SearchConfig
from search_engine.spec.start_training import ONE_ROUND
from search_engine.spec.trial import Role
from search_engine.speed import measure_speed

SHORT = Recipe(epochs=2, batch_size=32, learning_rate=0.05)
GROUPED = SearchSpace(start_edge=Operation.GROUP_CONV_3X3, groups=2)
PLAIN = SearchSpace(start_edge=Operation.CONV_3X3, groups=1)
PARTS = ("start", "children", "controls", "confirmations")


@dataclass(frozen=True)
class Case:
    """A search, and its images where they are none of the catalogue's."""

    config: SearchConfig
    dataset: Dataset | None = None


def digits() -> Case:
    """The first click of long ago: cells drawn for digits."""
    skeleton = DenseNetConfig(blocks=2, growth=8, groups=2, image=ImageShape(1, 8, 8))
    data = DataConfig(name="digits", validation=300, calibration=100, train_limit=600)
    return Case(_search(data, skeleton, GROUPED, "random", trials=8))


def digits_grown() -> Case:
    """Digits, in generations, with a chain of controls."""
    case = digits()
    return Case(replace(case.config, strategy="grow"))


def clothing_grown() -> Case:
    """Clothes, in generations of large steps, from a narrow network."""
    skeleton = ChainNetConfig(
        blocks=1, channels=8, groups=1, stem_stride=2, image=ImageShape(1, 28, 28)
    )
    data = DataConfig(name="clothing", validation=500, calibration=100, train_limit=1500)
    config = _search(data, skeleton, PLAIN, "grow", trials=8)
    return Case(replace(config, strategy_settings=(("largest_step", 4.0),)))


def clothing() -> Case:
    """Clothes in a small DenseNet, cells drawn by the controller."""
    skeleton = DenseNetConfig(blocks=1, growth=8, groups=2, image=ImageShape(1, 28, 28))
    data = DataConfig(name="clothing", validation=200, calibration=50, train_limit=400)
    return Case(_search(data, skeleton, GROUPED, "reinforce", trials=5))


def photographs() -> Case:
    """Larger coloured pictures in a network of one's own making, in generations."""
    image = ImageShape(3, 64, 64)
    skeleton = ChainNetConfig(
        blocks=1, channels=16, groups=1, stem_stride=2, image=image, classes=4
    )
    data = DataConfig(name="pictures", validation=60, calibration=20)
    return Case(_search(data, skeleton, PLAIN, "grow", trials=6), pictures(image, 400))


def adopted() -> Case:
    """The same pictures, fewer of them, in a network of torchvision's."""
    image = ImageShape(3, 64, 64)
    skeleton = outline_torchvision("resnet18", image, 4).config()
    data = DataConfig(name="pictures", validation=24, calibration=8, train_limit=64)
    space = SearchSpace(
        start_edge=next(iter(skeleton.start_cell.root.branches)).operation, groups=skeleton.groups
    )
    return Case(_search(data, skeleton, space, "grow", trials=3), pictures(image, 200))


CASES: Mapping[str, Callable[[], Case]] = {
    each.__name__.replace("_", " "): each
    for each in (digits, digits_grown, clothing_grown, clothing, photographs, adopted)
}


def _search(
    data: DataConfig, skeleton: object, space: SearchSpace, strategy: str, *, trials: int
) -> SearchConfig:
    return SearchConfig(
        data=data,
        skeleton=skeleton,  # type: ignore[arg-type]
        start_recipe=replace(SHORT, epochs=3),
        start_rounds=ONE_ROUND,
        space=space,
        strategy=strategy,
        recipe=SHORT,
        budget=Budget(max_trials=trials),
        control=2,
        confirmation=Confirmation(finalists=1, seeds=2),
    )


def pictures(image: ImageShape, count: int) -> Dataset:
    """Squares of four colours: what is learned does not change how long it takes."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(count) % 4
    shape = (count, image.channels, image.height, image.width)
    images = torch.randint(0, 200, shape, generator=generator, dtype=torch.uint8)
    images[torch.arange(count), labels % 3] += 55
    return replace(
        load_dataset("digits"),
        name="pictures",
        images=images.contiguous(memory_format=torch.channels_last),
        labels=labels,
        class_names=("red", "green", "blue", "red too"),
    )


def _between(one: Speed, other: Speed) -> Speed:
    """Other work on the machine comes and goes."""
    return Speed(*((a + b) / 2 for a, b in zip(astuple(one), astuple(other), strict=True)))


def run(case: Case) -> tuple[dict[str, float], SplitDataset]:
    """Seconds of the processor that each part of the search takes."""
    config = case.config
    dataset = case.dataset or load_dataset(config.data.name)
    data = SplitDataset(dataset, config.data, seed=config.split_seed)
    config = replace(config, skeleton=replace(config.skeleton, classes=data.classes))
    initial = None
    if config.skeleton.family == "adopted":
        initial = adopt(config.skeleton, seed=0)  # type: ignore[arg-type]
    took = dict.fromkeys(PARTS, 0.0)
    began = time.process_time()
    start, _ = train_start_network(config, data, initial=initial)
    took["start"] = time.process_time() - began
    search = Search(config, classes=data.classes, validation_images=len(data.splits.validation))
    networks: dict[int, Network] = {}
    evaluator = Evaluator(config, data, start, parent=networks.__getitem__)
    parts = {Role.CHILD: "children", Role.CONTROL: "controls", Role.CONFIRMATION: "confirmations"}
    while (trial := search.ask()) is not None:
        began = time.process_time()
        evaluated = evaluator.evaluate(trial)
        took[parts[trial.role]] += time.process_time() - began
        search.tell(trial.number, evaluated.result)
        if evaluated.network is not None:
            networks[trial.number] = evaluated.network
    return took, data


def expected_of(case: Case, data: SplitDataset, speed: Speed) -> Duration:
    """What the launch form would say."""
    splits = data.splits
    images = Images(
        len(splits.train), len(splits.validation), len(splits.calibration), len(splits.test)
    )
    return duration_of(case.config, images, speed)


def main() -> None:
    """Run the cases, print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    rows = []
    for name in arguments.cases:
        case = CASES[name]()
        before = measure_speed(clock=time.process_time)
        took, data = run(case)
        after = measure_speed(clock=time.process_time)
        expected = expected_of(case, data, _between(before, after))
        guessed = {part: getattr(expected, part) for part in PARTS}
        total, guess = sum(took.values()), sum(guessed.values())
        parts = (f"{guessed[part]:.1f} / {took[part]:.1f}" for part in PARTS)
        row = [name, case.config.strategy, *parts, f"{guess:.1f} / {total:.1f}"]
        rows.append([*row, f"{guess / total:.2f}"])
        print(rows[-1], flush=True)
    head = ["search", "strategy", *PARTS, "all", "ratio"]
    text = table(head, rows)
    if list(arguments.cases) == list(CASES):
        write_section(
            "estimates",
            "## Estimated and measured durations\n\n`python -m benchmarks.estimates`: estimated /"
            f" measured seconds of the processor. {machine()}\n\n{text}",
        )


if __name__ == "__main__":
    main()
