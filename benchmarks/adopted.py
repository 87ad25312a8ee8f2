"""Networks that were not built here as start networks: is the function kept?

    python -m benchmarks.adopted [--source timm] [--models resnet18 vgg11 …] [--write]

Of torchvision every classifier with a 3x3 convolution; of timm, and of ONNX files as torch writes
them, one of each convolutional family, which must also compute what the original does.

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
from tempfile import TemporaryDirectory

import torch

from benchmarks.adopted_files import ONNX_MODELS, TIMM_MODELS, adopted_file
from benchmarks.report import machine, peak_memory_bytes, table
from benchmarks.results import write_section
from search_engine.spec import (
    TORCHVISION_MODELS,
    Lineage,
    Outline,
    SiteKind,
    Transformation,
)
from search_engine.spec.errors import SearchEngineError
from tests.adopting import (
    QUIET,
    change_of,
    every_operation,
    images_of,
    several,
    share_layers,
    site_groups,
    small_outline,
    trained_adopted,
)
from tests.growing import random_transformations

BOUND = 1e-9
READ_BOUND = 1e-4
"""The same of a network as it was read, in float32, against the original."""
MODELS = {"torchvision": TORCHVISION_MODELS, "timm": TIMM_MODELS, "onnx": ONNX_MODELS}
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
READ_HEADER = (*HEADER[:6], "as read", *HEADER[6:])


@dataclass(slots=True)
class Tally:
    """What was done with one model."""

    children: int = 0
    transformations: int = 0
    largest: float = 0.0


def check(outline: Outline, weights: Path | None) -> Tally:
    """Grow children of a model's start networks and compare their logits."""
    tally = Tally()
    for number, (_, names) in enumerate(sorted(site_groups(outline).items())):
        rng = random.Random(f"{outline.model}/{number}")
        config = outline.config(several(names, rng))
        parent = trained_adopted(config, seed=number, weights=weights)
        if outline.cost.parameters > SHARED_ABOVE:
            share_layers(parent)
        skeleton = parent.architecture.skeleton
        images = images_of(outline.config(), seed=number)
        growths: list[tuple[Transformation, ...]] = [every_operation()]
        growths += [
            random_transformations(parent.architecture, rng, STEPS, layers=False)
            for _ in range(RANDOM_CHILDREN)
        ]
        for growth in growths:
            if math.isnan(tally.largest):
                return tally
            change = change_of(parent, Lineage(growth, number, QUIET), images)
            tally.children += 1
            tally.transformations += len(growth) * len(skeleton.sites())
            tally.largest = change if math.isnan(change) else max(tally.largest, change)
    return tally


def row(source: str, model: str, folder: Path) -> list[str]:
    """A model's line in the table of its source."""
    if source == "torchvision":
        outline, weights, read = small_outline(model), None, 0.0
    else:
        outline, weights, read = adopted_file(source, model, folder)
    kinds = [site.kind for site in outline.sites]
    tally = check(outline, weights)
    kept = tally.largest <= BOUND and read <= READ_BOUND
    return [
        model,
        f"{outline.cost.parameters:,}",
        f"{outline.image.height} x {outline.image.width}",
        *(str(kinds.count(kind)) for kind in SiteKind),
        *([] if source == "torchvision" else [f"{read:.1e}"]),
        str(tally.children),
        str(tally.transformations),
        f"{tally.largest:.1e}",
        "kept" if kept else "CHANGED",
    ]


def section_of(source: str) -> str:
    """The name of a source's table in the page."""
    return "adopted" if source == "torchvision" else f"adopted {source}"


def written(source: str) -> dict[str, list[str]]:
    """The lines that the page has, by model."""
    section = section_of(source)
    _, _, text = PAGE.read_text(encoding="utf-8").partition(f"<!-- begin {section} -->")
    lines = text.partition(f"<!-- end {section} -->")[0].splitlines()
    cells = [[cell.strip() for cell in line.strip("| ").split("|")] for line in lines]
    return {line[0]: line for line in cells if line[0] in MODELS[source]}


def write(source: str, line: list[str]) -> None:
    """Put a line in the page's table."""
    lines = written(source) | {line[0]: line}
    ordered = [lines[model] for model in MODELS[source] if model in lines]
    kept = sum(line[-1] == "kept" for line in ordered)
    header = HEADER if source == "torchvision" else READ_HEADER
    text = f"{kept} of {len(ordered)} models pass; {machine()}.\n\n{table(header, ordered)}"
    write_section(section_of(source), text, PAGE)


def main() -> None:
    """Measure, and print or write each line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", choices=MODELS, default="torchvision")
    parser.add_argument("--models", nargs="+", metavar="MODEL")
    parser.add_argument("--write", action="store_true", help="put the lines in docs/adopted.md")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    print(machine())
    models = MODELS[arguments.source]
    if unknown := set(arguments.models or ()) - set(models):
        parser.error(f"expected models among {', '.join(models)}, got {', '.join(unknown)}")
    for model in arguments.models or models:
        try:
            with TemporaryDirectory() as folder:
                line = row(arguments.source, model, Path(folder))
        except SearchEngineError as error:
            # One that cannot be a start network says why.
            header = HEADER if arguments.source == "torchvision" else READ_HEADER
            line = [model, *("–" for _ in header[2:]), str(error).replace("|", "/")]
        print(*line, f"{peak_memory_bytes() / 2**30:.1f} GiB", flush=True)
        if arguments.write:
            write(arguments.source, line)


if __name__ == "__main__":
    main()
