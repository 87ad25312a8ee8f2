"""How many kernels a training step has and how many bytes they move, and what a GPU may make of it.

    python -m benchmarks.step_operations [--batch-size 64]

Counted, which needs no GPU, are the operations of the start network of the paper's search, of some
of its children, and of TreeCell-A, in bfloat16, with what makes the step lean turned off and on. An
operation is a kernel, and a batch norm seven, as torch has them. From that follow estimates for an
H200, by the assumptions of `search_engine.spec.cards`. Writes both into `docs/results.md`.
"""

import argparse
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from benchmarks.report import machine, table
from benchmarks.results import write_section
from search_engine.networks import build_network
from search_engine.spec import Architecture, sample, search_space_of
from search_engine.spec.cards import BANDWIDTHS, KERNEL_SECONDS, USABLE
from search_engine.spec.library import TREE_CELL_A
from search_engine.spec.presets import preset
from search_engine.spec.recipe import Precision, Recipe
from search_engine.training.batch_norm import without_counters
from search_engine.training.step import TrainStep

PAPER = preset("paper-cifar10")
CHILDREN = (2, 8, 9)
CARD = "H200"
TOGETHER = (1, 2, 4, 8)
EAGER_SECONDS = 2e-5
"""What Python takes for an operation that nobody has recorded: assumed."""
STEPS = 500 * 20 * 688
"""Of the children of the paper's search: 44,000 images in batches of 64."""
START_STEPS = 300 * 688


class Counted(TorchDispatchMode):
    """Counts operations that compute, by name, and the bytes that they read and write."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.names: Counter[str] = Counter()
        self.moved_bytes = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        made = [leaf for leaf in tree_leaves(result) if isinstance(leaf, Tensor)]
        given = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
        given_places = {leaf.untyped_storage()._cdata for leaf in given}
        writes = func._schema.is_mutable or any(
            leaf.untyped_storage()._cdata not in given_places for leaf in made
        )
        if writes and "empty" not in str(func):
            self.names[str(func)] += 1
            self.moved_bytes += sum(leaf.nbytes for leaf in (*given, *made))
        return result

    @property
    def kernels(self) -> int:
        """In bfloat16 a batch norm takes five forward and two backward."""
        norms = sum(count for name, count in self.names.items() if "batch_norm" in name)
        return self.names.total() + round(2.5 * norms)

    def eager_rate(self) -> float:
        """Steps a second where Python launches each operation."""
        return 1 / max(EAGER_SECONDS * self.names.total(), 1 / self.rate())

    def rate(self, children: int = 1) -> float:
        """Steps a second of so many such networks together: until the memory is busy."""
        byte = 1 / (BANDWIDTHS[CARD] * 1e9 * USABLE)
        alone = KERNEL_SECONDS * self.kernels + byte * self.moved_bytes
        return min(children / alone, 1 / (byte * self.moved_bytes))


def one_by_one(step: TrainStep) -> None:
    """Let autocast cast each weight by itself."""
    step._low = None


@contextmanager
def fat() -> Iterator[None]:
    """Steps as they were: each weight cast by itself, and batch norms that count."""
    with patch.object(TrainStep, "forget", one_by_one):
        yield


def count(
    architecture: Architecture, batch_size: int, precision: Precision, *, lean: bool
) -> Counted:
    """What one step does, after another that has made its tensors."""
    network = build_network(architecture, seed=0).train()
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    step = TrainStep(network, Recipe(batch_size=batch_size, precision=precision))
    step.set_learning_rate(0.0)
    image = architecture.skeleton.image
    images = torch.randn(batch_size, image.channels, image.height, image.width)
    images, labels = images.to(memory_format=torch.channels_last), torch.arange(batch_size) % 10
    step(images, labels)
    with Counted() as counted:
        if lean:
            with without_counters(network):
                step(images, labels)
        else:
            step(images, labels)
    return counted


def architectures() -> Iterator[tuple[str, Architecture]]:
    """The start network, children of few, middling and many kernels, and the paper's best cell."""
    start = Architecture.start(replace(PAPER.skeleton, classes=10))
    yield "start network", start
    for seed in CHILDREN:
        child = start
        for change in sample(search_space_of(PAPER.skeleton), random.Random(seed)).transformations:
            child = child.after(change)
        yield f"child {seed}", child
    yield "TreeCell-A", Architecture(start.skeleton, TREE_CELL_A)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batch-size", type=int, default=64)
    batch_size = parser.parse_args().batch_size
    counts: list[tuple[Counted, Counted]] = []
    rows, estimates = [], []
    for name, architecture in architectures():
        with fat():
            before = count(architecture, batch_size, Precision.BFLOAT16, lean=False)
        after = count(architecture, batch_size, Precision.BFLOAT16, lean=True)
        single = count(architecture, batch_size, Precision.FLOAT32, lean=True)
        counts.append((before, after))
        operations = [f"{counted.names.total():,}" for counted in (before, after, single)]
        moved = [f"{counted.moved_bytes / 1e9:.2f}" for counted in (before, after, single)]
        rows.append([name, *operations, f"{before.kernels:,}", f"{after.kernels:,}", *moved])
        rates = [f"{after.rate(children):,.0f}" for children in TOGETHER]
        estimates.append([name, f"{before.eager_rate():,.0f}", *rates])
        print(rows[-1], estimates[-1], flush=True)
    heads = ["operations before", "after", "float32", "kernels before", "after"]
    heads = ["network", *heads, "GB before", "after", "float32"]
    text = ["## Steps on a GPU: counted, and estimated from that", INTRODUCTION, machine()]
    text += [table(heads, rows), ESTIMATED]
    text.append(table(["network", "eager", *map(str, TOGETHER)], estimates))
    text += [HOURS, table(["", "hours"], hours(counts[0], counts[1 : 1 + len(CHILDREN)]))]
    if batch_size == parser.get_default("batch_size"):
        write_section("step_operations", "\n\n".join(text))


def hours(
    start: tuple[Counted, Counted], children: list[tuple[Counted, Counted]]
) -> list[list[str]]:
    """Of the paper's search on one H200, and on eight."""
    rows = []
    eager = mean([before.eager_rate() for before, _ in children])
    began = START_STEPS / start[0].eager_rate()
    rows.append(["one, eager, as in commit 1f853c4", f"{(began + STEPS / eager) / 3600:.1f}"])
    for gpus in (1, 8):
        for together in TOGETHER:
            rate = mean([after.rate(together) for _, after in children])
            seconds = START_STEPS / start[1].rate() + STEPS / rate / gpus
            label = f"{'one' if gpus == 1 else 'eight'}, {together} at once on each"
            rows.append([label, f"{seconds / 3600:.2f}"])
    return rows


def mean(rates: list[float]) -> float:
    """Of steps a second, where each network takes as many steps."""
    return len(rates) / sum(1 / rate for rate in rates)


INTRODUCTION = """`python -m benchmarks.step_operations`. One training step with a batch of 64, in
bfloat16 and in float32. Before: each weight cast by itself, batch norms that count their batches,
as in commit 1f853c4. An operation counts as a kernel, a batch norm as seven."""
ESTIMATED = f"""**Estimates, not measurements**: steps a second on one {CARD} by these counts,
{KERNEL_SECONDS * 1e6:g} us from the begin of a kernel to the next, {USABLE:.0%} of
{BANDWIDTHS[CARD]:,} GB/s, and {EAGER_SECONDS * 1e6:g} us for an operation that Python launches:
alone, and of 2, 4 and 8 such networks together, until memory is busy."""
HOURS = """**Estimates, not measurements**: hours of the paper's search, whose start network is
trained for 300 epochs on one GPU and whose 500 children for 20, without validation. The goal is 2
hours on one H200 and a quarter of an hour on eight. `make gpu` measures what is estimated here."""


if __name__ == "__main__":
    main()
