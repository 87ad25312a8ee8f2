"""Seconds to grow and calibrate a child, and the memory that it takes; beside one forward pass.

    python -m benchmarks.transformations [--device cuda]

Children: random cells in the small DenseNet (N=3, k=16); TreeCell-A in PyramidNet (N=18, alpha=84).
Times are medians; calibration runs ten batches of 64 images of 3 x 32 x 32.
"""

import argparse
import random
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor

from benchmarks.report import machine, peak_memory_bytes, table
from search_engine.networks import Network, build_network
from search_engine.spec import (
    TREE_CELL_A,
    Architecture,
    CellTransformation,
    DenseNetConfig,
    InsertNode,
    Lineage,
    Merge,
    Operation,
    PyramidNetConfig,
    ReplaceIdentity,
    SearchSpace,
    SetMerge,
    SkeletonConfig,
    grow_cell,
    sample,
)
from search_engine.transforms import calibrate, inherit

CALIBRATION_BATCHES, BATCH = 10, 64


def tree_cell_a() -> tuple[CellTransformation, ...]:
    """How TreeCell-A grows from the grouped start cell."""
    sep3, sep5, sep7 = Operation.SEP_CONV_3X3, Operation.SEP_CONV_5X5, Operation.SEP_CONV_7X7
    avg, largest, conv = Operation.AVG_POOL_3X3, Operation.MAX_POOL_3X3, Operation.CONV_1X1
    steps: list[CellTransformation] = [SetMerge((), Merge.ADD, 2)]

    def expand(path: tuple[int, ...], merge: Merge, *operations: Operation) -> None:
        steps.extend([InsertNode(path), SetMerge(path, merge, len(operations))])
        steps.extend(
            ReplaceIdentity((*path, index), operation) for index, operation in enumerate(operations)
        )

    expand((0,), Merge.ADD, conv, largest)
    expand((0, 0), Merge.CONCAT, avg, sep7)
    expand((0, 1), Merge.ADD, sep3, sep5)
    expand((1,), Merge.ADD, sep5, sep3)
    expand((1, 0), Merge.ADD, sep5, avg, avg)
    expand((1, 1), Merge.ADD, avg, sep3)
    assert grow_cell(SearchSpace().start_cell, steps) == TREE_CELL_A
    return tuple(steps)


def median_seconds(action: Callable[[], object], repeats: int, device: str) -> float:
    """Median of the action's times."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        action()
        if device.startswith("cuda"):
            torch.cuda.synchronize()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def measure(
    name: str,
    skeleton: SkeletonConfig,
    growths: list[tuple[CellTransformation, ...]],
    device: str,
    repeats: int,
) -> list[str]:
    """One row: transforming, calibrating, one forward pass, and their ratio."""
    parent = build_network(Architecture.start(skeleton), seed=0, device=device).eval()
    image = skeleton.image
    batches: list[Tensor] = [
        torch.randn(BATCH, image.channels, image.height, image.width, device=device)
        for _ in range(CALIBRATION_BATCHES)
    ]
    times = [
        measure_child(parent, Lineage(growth, seed=number), batches, device, repeats)
        for number, growth in enumerate(growths)
    ]
    transform, calibration, forward = (
        statistics.median(column) for column in zip(*times, strict=True)
    )
    return [
        name,
        str(len(growths)),
        f"{transform:.3f}",
        f"{calibration:.3f}",
        f"{forward:.3f}",
        f"{calibration / (CALIBRATION_BATCHES * forward):.2f}",
        f"{peak_memory_bytes(device) / 2**20:.0f}",
    ]


@torch.no_grad()
def measure_child(
    parent: Network, lineage: Lineage, batches: list[Tensor], device: str, repeats: int
) -> tuple[float, float, float]:
    """Seconds to transform a child, to calibrate it, and to run it forward once."""
    child = inherit(parent, lineage)
    return (
        median_seconds(lambda: inherit(parent, lineage), repeats, device),
        median_seconds(lambda: calibrate(child, batches), 1, device),
        median_seconds(lambda: child(batches[0]), repeats, device),
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    random_growths = [
        sample(SearchSpace(), random.Random(seed)).transformations for seed in range(5)
    ]
    device, repeats = arguments.device, arguments.repeats
    rows = [
        measure("DenseNet N=3 k=16", DenseNetConfig(), random_growths, device, repeats),
        measure("PyramidNet N=18 α=84", PyramidNetConfig(), [tree_cell_a()], device, repeats),
    ]
    print(machine(device))
    print()
    header = ["network", "children", "transform s", "calibrate s", "forward s (64 images)"]
    print(table([*header, "calibrate / 10 forwards", "peak MiB"], rows))


if __name__ == "__main__":
    main()
