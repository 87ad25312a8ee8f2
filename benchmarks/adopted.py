"""Every torchvision classifier with a 3x3 convolution, as a start network: is the function kept?

    python -m benchmarks.adopted [--models resnet18 vgg11 …] [--write]

For each kind of its sites (plain; grouped and depthwise), on networks in float64 whose weights and
batch-norm statistics look trained: a cell with all eight operations, and random legal sequences,
each at two to six sites, under `annealed`. `--write` puts each line in the table of docs/adopted.md
as soon as it is known; lines of other models stay. The largest model needs 11 GiB of memory: its
children share the layers outside the cells with it.
"""

import argparse
import math
import random
from dataclasses import dataclass
from pathlib import Path

import torch

from benchmarks.report import machine, peak_memory_bytes, table
from benchmarks.results import write_section
from search_engine.architecture import (
    TORCHVISION_MODELS,
    Lineage,
    Outline,
    SiteKind,
    Transformation,
)
from search_engine.networks import AdoptedNetwork
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
SHARED_ABOVE = 300_000_000
"""Parameters of a network above which its children share its layers."""

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
        if outline.cost.parameters > SHARED_ABOVE:
            share_layers(parent)
        skeleton = parent.architecture.skeleton
        images = images_of(outline.config(), seed=number)
        growths: list[tuple[Transformation, ...]] = [every_operation()]
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


def share_layers(network: AdoptedNetwork) -> None:
    """Let copies of the network share its layers outside the cells, which nothing changes."""
    own = {module for cell in network.cells().values() for module in cell.modules()}
    for module in network.modules():
        if module not in own and not list(module.children()):
            object.__setattr__(module, "__deepcopy__", lambda _, module=module: module)


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


def written(section: str = "adopted") -> dict[str, list[str]]:
    """The lines that a section of the page has, by model."""
    _, _, text = PAGE.read_text(encoding="utf-8").partition(f"<!-- begin {section} -->")
    lines = text.partition(f"<!-- end {section} -->")[0].splitlines()
    cells = [[cell.strip() for cell in line.strip("| ").split("|")] for line in lines]
    return {line[0]: line for line in cells if line[0] in TORCHVISION_MODELS}


def write(line: list[str]) -> None:
    """Put a line in the page's table."""
    lines = written() | {line[0]: line}
    ordered = [lines[model] for model in TORCHVISION_MODELS if model in lines]
    kept = sum(line[-1] == "kept" for line in ordered)
    text = f"{kept} of {len(ordered)} models pass; {machine()}.\n\n{table(HEADER, ordered)}"
    write_section("adopted", text, PAGE)


def main() -> None:
    """Measure, and print or write each line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="+", choices=TORCHVISION_MODELS, metavar="MODEL")
    parser.add_argument("--write", action="store_true", help="put the lines in docs/adopted.md")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    print(machine())
    for model in arguments.models or TORCHVISION_MODELS:
        line = row(model)
        print(*line, f"{peak_memory_bytes() / 2**30:.1f} GiB", flush=True)
        if arguments.write:
            write(line)


if __name__ == "__main__":
    main()
