"""Every torchvision classifier that can be adopted, written out as Python: is it the same?

    python -m benchmarks.written [--models resnet18 vgg11 …] [--write]

For each kind of a model's sites (plain; grouped and depthwise), at two to six of them: the start
network and a child with all eight operations, in float64, with weights and batch-norm statistics
that look trained; compared in eval mode, and in training mode with the same random numbers.
`--write` puts each line in the second table of docs/adopted.md as soon as it is known.
"""

import argparse
import random
import re
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import torch
from torch import Tensor, nn

from benchmarks.adopted import PAGE, SHARED_ABOVE, share_layers, written
from benchmarks.report import machine, table
from benchmarks.results import write_section
from search_engine.architecture import TORCHVISION_MODELS, Lineage, Outline
from search_engine.errors import ExportError
from search_engine.export.about import About
from search_engine.export.plain import plain_state, write_program
from search_engine.networks import AdoptedNetwork
from search_engine.transforms import inherit, remove_gates
from tests.adopting import (
    QUIET,
    every_operation,
    images_of,
    several,
    site_groups,
    small_outline,
    trained_adopted,
)
from tests.growing import look_trained, relative_change

BOUND = 1e-9
HEADER = ("model", "networks", "classes", "lines", "largest difference", "in training", "result")


@dataclass(slots=True)
class Tally:
    """What was found about one model: counts of its longest file, and the largest differences."""

    networks: int = 0
    classes: int = 0
    lines: int = 0
    evaluating: float = 0.0
    training: float = 0.0


def rebuilt(network: AdoptedNetwork, text: str) -> nn.Module:
    """The network of a generated file, with the weights of this one themselves."""
    program = ModuleType("network")
    program.__file__ = "network.py"
    exec(compile(text, "network.py", "exec"), program.__dict__)
    with torch.device("meta"):
        made: nn.Module = getattr(program, re.findall(r"def load.* -> (\w+):", text)[0])()
    made.load_state_dict(plain_state(network), assign=True)
    return made.eval()


@torch.no_grad()
def compare(network: AdoptedNetwork, images: Tensor, tally: Tally) -> None:
    """Write a network out, and add to the tally how far the written one differs."""
    skeleton = network.architecture.skeleton
    names, channels = tuple(map(str, range(skeleton.classes))), skeleton.image.channels
    about = About(skeleton.image, names, (0.0,) * channels, (1.0,) * channels)
    text = write_program(network, about, "network.safetensors")
    plain = rebuilt(network, text)
    tally.networks += 1
    tally.classes = max(tally.classes, len(re.findall(r"^class ", text, re.MULTILINE)))
    tally.lines = max(tally.lines, len(text.splitlines()))
    tally.evaluating = max(tally.evaluating, relative_change(network(images), plain(images)))
    logits = []
    for each in (network, plain):
        torch.manual_seed(0)
        logits.append(each.train()(images))
    tally.training = max(tally.training, relative_change(*logits))


def compare_kind(outline: Outline, number: int, names: tuple[str, ...], tally: Tally) -> None:
    """Compare a start network with cells at some of these sites, and a child of it."""
    config = outline.config(several(names, random.Random(f"{outline.model}/{number}")))
    parent = trained_adopted(config, seed=number)
    images = images_of(config, seed=number)
    if outline.cost.parameters > SHARED_ABOVE:
        share_layers(parent)
    child = inherit(parent, Lineage(every_operation(), number, QUIET))
    assert isinstance(child, AdoptedNetwork)
    remove_gates(child)
    compare(parent, images, tally)
    compare(look_trained(child, number).eval(), images, tally)


def row(model: str) -> list[str]:
    """A model's line in the table."""
    tally, outline = Tally(), small_outline(model)
    try:
        for number, (_, names) in enumerate(sorted(site_groups(outline).items())):
            compare_kind(outline, number, names, tally)
    except ExportError as error:
        return [model, *["–"] * (len(HEADER) - 2), error.reason]
    same = tally.evaluating <= BOUND and tally.training <= BOUND
    return [
        model,
        str(tally.networks),
        str(tally.classes),
        str(tally.lines),
        f"{tally.evaluating:.1e}",
        f"{tally.training:.1e}",
        "same" if same else "DIFFERENT",
    ]


def write(line: list[str], page: Path = PAGE) -> None:
    """Put a line in the page's second table."""
    lines = written("written") | {line[0]: line}
    ordered = [lines[model] for model in TORCHVISION_MODELS if model in lines]
    same = sum(line[-1] == "same" for line in ordered)
    text = f"{same} of {len(ordered)} models can be written; {machine()}.\n\n"
    write_section("written", text + table(HEADER, ordered), page)


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
        print(*line, flush=True)
        if arguments.write:
            write(line)


if __name__ == "__main__":
    main()
