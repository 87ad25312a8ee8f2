"""Checkpoints of small networks that look trained, to be exported."""

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import torch
from torch import Tensor

from search_engine.checkpoint import save_checkpoint
from search_engine.networks import CondenseNet, Network, build_network
from search_engine.spec import Architecture, Deepen, Order, Widen, parse_cell
from search_engine.spec.description import TrainedOn
from tests.growing import IMAGE, look_trained, small_skeleton

NAMES = ("nought", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
DIGITS = TrainedOn("digits", NAMES, (0.3,), (0.35,))
CELLS = (
    "start",
    "add[G3x3 -> concat/split[sep7, avg3], conv3x3 -> [max3], sep5 -> [identity -> [conv1x1]]]",
    "concat/replicate[conv1x1, sep3 -> add[identity, avg3, sep5 -> add[conv1x1, max3]]]",
    "concat/split[G3x3 -> concat/split[max3, identity], G3x3 -> [identity]]",
)
"""Every operation, merge and allocation, at the root and below it."""

RULES = "E,F,W,I,UP,B,SIM,RET,PTH,C4,N,RUF"
RUFF = ["--isolated", "--line-length", "100", "--target-version", "py311"]


def small_network(
    family: str,
    cell: str = CELLS[1],
    order: Order = Order.BN_ACT_WEIGHT,
    *,
    grown: bool = False,
) -> Network:
    """A network in eval mode.

    Args:
        family: of its skeleton; a CondenseNet has dropped the inputs that were to go.
        cell: in notation, or `start`.
        order: of its operations.
        grown: some hidden layers are wider and deeper than the skeleton's.
    """
    skeleton = small_skeleton(family, order, groups=2)
    tree = skeleton.start_cell if cell == "start" else parse_cell(cell)
    architecture = Architecture(skeleton, tree)
    for name, layer in skeleton.hidden_layers().items() if grown else ():
        if not name.startswith("stage3_"):
            architecture = architecture.after(Deepen(name)).after(Widen(name, layer.width + 8))
    network = look_trained(build_network(architecture, seed=1), 2).eval()
    if isinstance(network, CondenseNet):
        network.condense(1.0)
    return network


def saved(network: Network, folder: Path, trained_on: TrainedOn | None = DIGITS) -> Path:
    """The network's checkpoint."""
    save_checkpoint(network, folder, trained_on=trained_on)
    return folder


def pictures(count: int = 70) -> Tensor:
    """Images as a data set has them: uint8, `(count, 1, 8, 8)`."""
    generator = torch.Generator().manual_seed(3)
    size = (count, IMAGE.channels, IMAGE.height, IMAGE.width)
    return torch.randint(0, 256, size, generator=generator, dtype=torch.uint8)


def imported(text: str, path: Path) -> ModuleType:
    """A generated file as a module."""
    program = ModuleType("network")
    program.__file__ = str(path)
    exec(compile(text, str(path), "exec"), program.__dict__)
    return program


def faults_in(folder: Path) -> str:
    """What ruff finds in the generated files in a folder, and what it would lay out otherwise."""
    commands = (
        ["check", *RUFF, "--select", RULES, "--ignore", "N812"],
        ["format", *RUFF, "--check", "--diff"],
    )
    found = [
        subprocess.run(
            [sys.executable, "-m", "ruff", *command, str(folder)],
            capture_output=True,
            text=True,
            check=False,
        )
        for command in commands
    ]
    return "".join(result.stdout + result.stderr for result in found if result.returncode)


def run_bare(environment: Path, script: str, *arguments: str) -> str:
    """What a script prints that finds nothing but that environment."""
    opening = f"import sys; sys.path.append({str(environment)!r})\n"
    command = [sys.executable, "-I", "-S", "-c", opening + script, *arguments]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    return found.stdout
