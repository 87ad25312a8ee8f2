"""Adopted networks written out as Python: their layers as classes, and the cell at its sites."""

import copy
import functools
import json
import random
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from search_engine.architecture import Architecture, Lineage, format_cell
from search_engine.checkpoint import save_checkpoint
from search_engine.errors import ExportError
from search_engine.export import ExportKind, build_export
from search_engine.export.about import About
from search_engine.export.plain import plain_state, write_program
from search_engine.export.plain.classes import Classes
from search_engine.networks import AdoptedNetwork
from search_engine.networks.adopted import adopt, outline_exported
from search_engine.transforms import inherit, remove_gates
from tests.adopting import QUIET, every_operation, images_of, site_groups, small_outline
from tests.exporting import export_to, own_net
from tests.growing import look_trained, relative_change
from tests.search_engine.export.exporting import faults_in, imported, run_bare

MODELS = {
    "resnet18": "plain",
    "densenet121": "plain",
    "mobilenet_v3_small": "grouped",
    "efficientnet_b0": "grouped",
    "shufflenet_v2_x0_5": "grouped",
    "googlenet": "plain",
}
"""Models, and of which kind the sites of their cells are."""


def grown(network: AdoptedNetwork) -> AdoptedNetwork:
    """A child with every operation."""
    child = inherit(network, Lineage(every_operation(), 0, QUIET))
    remove_gates(child)
    assert isinstance(child, AdoptedNetwork)
    look_trained(child, 1).eval()
    return child


@functools.cache
def networks(model: str) -> tuple[AdoptedNetwork, AdoptedNetwork]:
    """A start network and a child of it in float64, which look trained."""
    outline = small_outline(model)
    names = site_groups(outline)[MODELS[model]]
    chosen = random.Random(model).sample(names, min(4, len(names)))
    network = look_trained(adopt(outline.config(chosen)).double(), 0).eval()
    return network, grown(network)


def about(network: AdoptedNetwork) -> About:
    skeleton = network.architecture.skeleton
    names = tuple(map(str, range(skeleton.classes)))
    channels = skeleton.image.channels
    return About(skeleton.image, names, (0.5,) * channels, (0.25,) * channels)


@functools.cache
def text_of(network: AdoptedNetwork) -> str:
    return write_program(network, about(network), "network.safetensors")


def rebuilt(network: AdoptedNetwork) -> nn.Module:
    """The network of the generated file, in float64, with all its weights."""
    program = imported(text_of(network), Path("network.py"))
    made = getattr(program, re.findall(r"def load.* -> (\w+):", text_of(network))[0])().double()
    made.load_state_dict(plain_state(network))
    assert isinstance(made, nn.Module)
    return made.eval()


def images(network: AdoptedNetwork, count: int = 3) -> Tensor:
    return images_of(network.architecture.skeleton, 0, count)  # type: ignore[arg-type]


@pytest.mark.parametrize("model", MODELS)
@torch.no_grad()
def test_the_program_computes_the_same_as_start_and_grown(model: str) -> None:
    for network in networks(model):
        x = images(network)
        assert relative_change(network(x), rebuilt(network)(x)) < 1e-12


@pytest.mark.parametrize("model", ["resnet18", "densenet121", "efficientnet_b0"])
def test_the_program_trains_as_the_network_does(model: str) -> None:
    network = copy.deepcopy(networks(model)[1]).train()
    plain, x = rebuilt(network).train(), images(network)
    torch.manual_seed(0)
    logits = plain(x)
    torch.manual_seed(0)
    with torch.no_grad():
        assert relative_change(network(x), logits.detach()) < 1e-12
    F.cross_entropy(logits, torch.arange(len(x))).backward()
    for name, parameter in plain.named_parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all(), name
    statistics = plain_state(network)
    for name, tensor in plain.state_dict().items():
        assert torch.allclose(tensor, statistics[name]), name


def test_the_programs_are_clean_and_in_ruffs_layout(tmp_path: Path) -> None:
    for model in MODELS:
        for number, network in enumerate(networks(model)):
            (tmp_path / f"{model}{number}.py").write_text(text_of(network))
    assert not faults_in(tmp_path)


def test_the_program_reads_as_a_person_would_write_it() -> None:
    start, child = networks("resnet18")
    text = text_of(start)
    assert "class BasicBlock(nn.Module):" in text and "class ResNet(nn.Module):" in text
    assert "        self.layer1 = nn.Sequential(" in text
    assert "        return self.relu(self.bn2(y) + " in text
    assert len(text.splitlines()) < 250
    tree = "".join(format_cell(child.architecture.cell).split())
    assert tree in "".join(text_of(child).split())
    assert f"A cell stands in place of {len(child.cells())} of its 3x3 convolutions." in text
    dense = text_of(networks("densenet121")[0])
    assert "*(DenseLayer(width) for width in range(" in dense


def test_nothing_but_torch_is_imported() -> None:
    for model in MODELS:
        found = set(
            re.findall(r"^(?:from|import) (\w+)", text_of(networks(model)[1]), re.MULTILINE)
        )
        assert found <= {"collections", "json", "math", "pathlib", "torch"}


class WithOddNames(nn.Module):
    """Names that Python has for something else, and a tensor of each kind."""

    def __init__(self) -> None:
        super().__init__()
        self.parts = nn.ModuleDict(
            {"class": nn.Conv2d(1, 4, 3, padding=1), "a-b": nn.Conv2d(4, 4, 3, padding=1)}
        )
        self.parts["n" * 60] = nn.BatchNorm2d(4)
        self.train_ = nn.Dropout(0.5)
        self.scale = nn.Parameter(torch.full((4, 1, 1), 0.5))
        self.register_buffer("mask", torch.tensor([True, False, True, True]).view(4, 1, 1))
        self.classifier = nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.parts["n" * 60](self.parts["class"](x))
        left, right = F.max_pool2d(x, 2).chunk(2, dim=1)
        x = F.relu6(torch.cat((right, left), dim=1)) * self.scale * self.get_buffer("mask")
        x = (F.silu(self.parts["a-b"](x)) + x).mean((2, 3))
        return self.classifier(self.train_(x))


@pytest.mark.parametrize(
    ("own", "decomposed"), [(own_net, False), (own_net, True), (WithOddNames, False)]
)
def test_an_exported_program_can_be_written_out(
    own: Callable[[], nn.Module], decomposed: bool, tmp_path: Path
) -> None:
    path = export_to(look_trained(own(), 0).eval(), tmp_path / "own.pt2", decomposed=decomposed)
    outline = outline_exported(path)
    for names in site_groups(outline).values():
        start = adopt(outline.config(names), weights=path).double().eval()
        for number, network in enumerate((start, grown(start))):
            x = images(network)
            with torch.no_grad():
                assert relative_change(network(x), rebuilt(network)(x)) < 1e-12
            (tmp_path / f"n{len(names)}{number}.py").write_text(text_of(network))
    assert not faults_in(tmp_path)
    assert "torch.ops.aten" not in text_of(network)


def test_dropout_of_an_exported_program_drops_in_training_only(tmp_path: Path) -> None:
    path = export_to(own_net().train(), tmp_path / "own.pt2")
    network = adopt(outline_exported(path).config(), weights=path).double()
    x, plain = images(network), rebuilt(network)
    assert torch.equal(plain(x), plain(x))
    assert not torch.equal(plain.train()(x), plain(x))


def test_nothing_in_a_program_becomes_code(tmp_path: Path) -> None:
    path = export_to(own_net(), tmp_path / "own.pt2")
    config = outline_exported(path).config()
    program = json.loads(config.program)
    step = next(step for step in program["steps"] if step[0].startswith("aten.relu"))
    step[2]["x=print('run') or 1, y"] = 1
    hostile = replace(config, program=json.dumps(program), model='"""\nimport os  # ' + "é" * 90)
    with torch.device("meta"):
        network = AdoptedNetwork(Architecture.start(hostile))
    with pytest.raises(ExportError, match="an argument whose name is"):
        write_program(network, about(network), "network.safetensors")
    named = AdoptedNetwork(Architecture.start(replace(config, model=hostile.model)))
    text = write_program(named, about(named), "network.safetensors")
    assert "import os" not in text.splitlines()
    assert max(map(len, text.splitlines())) <= 100


class Branching(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x if x.sum() > 0 else -x


class Hidden(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("scale", torch.ones(1), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        return x * self.get_buffer("scale")


@pytest.mark.parametrize(
    ("module", "reason"),
    [
        (Branching(), "it has Branching, which torch.fx refuses"),
        (nn.Sequential(Hidden()), "it has a tensor scale that is not among its weights"),
    ],
)
def test_what_cannot_be_written_is_refused_with_its_reason(module: nn.Module, reason: str) -> None:
    with pytest.raises(ExportError, match=reason):
        Classes(module, frozenset(), frozenset())


RUN = """
import importlib.util
for name in ("search_engine", "torchvision", "safetensors"):
    assert importlib.util.find_spec(name) is None, name
import torch
torch.set_num_threads(1)
for folder in sys.argv[1:]:
    sys.path.insert(0, folder)
    import network
    pixels = torch.full((2, *network.IMAGE_SHAPE), 128, dtype=torch.uint8)
    with torch.inference_mode():
        print(*network.load()(network.preprocess(pixels)).flatten().tolist())
    del sys.modules["network"], sys.path[0]
"""


def test_an_export_runs_where_there_is_nothing_but_torch(
    bare_environment: Path, tmp_path: Path
) -> None:
    path = export_to(own_net(), tmp_path / "own.pt2")
    exported = adopt(outline_exported(path).config(), weights=path)
    folders = []
    for number, start in enumerate((networks("mobilenet_v3_small")[0], exported)):
        network = copy.deepcopy(start).float().eval()
        save_checkpoint(network, tmp_path / f"checkpoint{number}")
        folder = tmp_path / f"out{number}"
        report = build_export(
            tmp_path / f"checkpoint{number}", ExportKind.PYTORCH, folder, images=None
        )
        assert [file.name for file in report.files] == ["network.py", "network.safetensors"]
        assert report.largest_difference <= report.bound
        folders.append(str(folder))
    printed = run_bare(bare_environment, RUN, *folders).splitlines()
    for line, start in zip(printed, (networks("mobilenet_v3_small")[0], exported), strict=True):
        image = start.architecture.skeleton.image
        pixels = torch.full((2, image.channels, image.height, image.width), 128 / 255)
        with torch.inference_mode():
            logits = copy.deepcopy(start).float().eval()(pixels).flatten()
        assert torch.allclose(torch.tensor([float(x) for x in line.split()]), logits, rtol=1e-4)
