"""How many operations a training step has, and how many bytes they move: needs no GPU.

    python -m benchmarks.step_operations [--batch-size 64]

On a GPU each operation that computes is a kernel or more, and a small network's step takes about as
long as its kernels follow each other. Counted are the start network of the paper's search, some of
its children, and TreeCell-A, in bfloat16, with what makes the step lean turned off and on.
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
from search_engine.networks import build_network
from search_engine.spec import Architecture, sample, search_space_of
from search_engine.spec.library import TREE_CELL_A
from search_engine.spec.presets import preset
from search_engine.spec.recipe import Precision, Recipe
from search_engine.training.batch_norm import without_counters
from search_engine.training.step import TrainStep

PAPER = preset("paper-cifar10")
CHILDREN = (2, 8, 9)


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
    rows = []
    for name, architecture in architectures():
        with fat():
            before = count(architecture, batch_size, Precision.BFLOAT16, lean=False)
        after = count(architecture, batch_size, Precision.BFLOAT16, lean=True)
        single = count(architecture, batch_size, Precision.FLOAT32, lean=True)
        rows.append(
            [
                name,
                str(before.names.total()),
                str(after.names.total()),
                str(single.names.total()),
                f"{before.moved_bytes / 1e9:.2f}",
                f"{after.moved_bytes / 1e9:.2f}",
                f"{single.moved_bytes / 1e9:.2f}",
            ]
        )
    print(machine())
    heads = ["network", "before", "after", "float32", "GB before", "GB after", "GB float32"]
    print(table(heads, rows))


if __name__ == "__main__":
    main()
