"""Every torchvision classifier with a 3x3 convolution, as a start network: is the function kept?

    python -m benchmarks.adopted [--models resnet18 vgg11 …] [--write]

For each kind of its sites (plain; grouped and depthwise), on networks in float64 whose weights and
batch-norm statistics look trained: a cell with all eight operations, and random legal sequences,
each at two to six sites, under `annealed`. `--write` puts the table in docs/adopted.md.
"""

import argparse
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch

from benchmarks.report import machine, peak_memory_bytes, table
from benchmarks.results import write_section
from search_engine.architecture import TORCHVISION_MODELS, Lineage, Outline, SiteKind
from tests.adopting import (
    QUIET,
    change_of,
    every_operation,
    images_of,
    several,
    site_groups,
    small_outline,
    trained_adopted,
)
from tests.growing import random_transformations

BOUND = 1e-9
RANDOM_CHILDREN, STEPS = 2, 12
PAGE = Path(__file__).parents[1] / "docs" / "adopted.md"
HEADER = (
    "model",
    "parameters",
    "image",
    "sites: plain",
    "grouped",
    "depthwise",
    "children",
    "transformations",
    "largest change",
    "result",
)


@dataclass(slots=True)
class Tally:
    """What was done with one model."""

    children: int = 0
    transformations: int = 0
    largest: float = 0.0


def check(outline: Outline) -> Tally:
    """Grow children of a model's start networks and compare their logits."""
    tally = Tally()
    for number, (_, names) in enumerate(sorted(site_groups(outline).items())):
        rng = random.Random(f"{outline.model}/{number}")
        parent = trained_adopted(outline.config(several(names, rng)), seed=number)
        skeleton = parent.architecture.skeleton
        images = images_of(outline.config(), seed=number)
        growths = [every_operation()]
        growths += [
            random_transformations(parent.architecture, rng, STEPS) for _ in range(RANDOM_CHILDREN)
        ]
        for growth in growths:
            if math.isnan(tally.largest):
                return tally
            change = change_of(parent, Lineage(growth, number, QUIET), images)
            tally.children += 1
            tally.transformations += len(growth) * len(skeleton.sites())
            tally.largest = change if math.isnan(change) else max(tally.largest, change)
    return tally


def row(model: str) -> list[str]:
    """A model's line in the table."""
    outline = small_outline(model)
    kinds = [site.kind for site in outline.sites]
    tally = check(outline)
    return [
        model,
        f"{outline.cost.parameters:,}",
        f"{outline.image.height} x {outline.image.width}",
        *(str(kinds.count(kind)) for kind in SiteKind),
        str(tally.children),
        str(tally.transformations),
        f"{tally.largest:.1e}",
        "kept" if tally.largest <= BOUND else "CHANGED",
    ]


def rows(models: list[str]) -> Iterator[list[str]]:
    """The table, line by line."""
    for model in models:
        line = row(model)
        print(*line, f"{peak_memory_bytes() / 2**30:.1f} GiB", flush=True)
        yield line


def main() -> None:
    """Print the table, or write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="+", choices=TORCHVISION_MODELS, metavar="MODEL")
    parser.add_argument("--write", action="store_true", help="put the table in docs/adopted.md")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    lines = list(rows(arguments.models or list(TORCHVISION_MODELS)))
    text = f"{len(lines)} models; {machine()}.\n\n{table(HEADER, lines)}"
    if arguments.write:
        write_section("adopted", text, PAGE)
    else:
        print(text)


if __name__ == "__main__":
    main()
