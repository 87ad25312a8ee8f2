"""torchvision's networks written out as Python: torchvision makes them, the file sets the cells."""

import copy
import functools
import random
import re
from collections import OrderedDict
from pathlib import Path
from typing import cast

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from search_engine.checkpoint import save_checkpoint
from search_engine.export import ExportKind, build_export
from search_engine.export.format import About
from search_engine.export.plain import plain_state, write_program
from search_engine.networks import AdoptedNetwork
from search_engine.networks.adopted import adopt, outline_exported, outline_torchvision
from search_engine.networks.adopted.torchvision_nets import EmptyOnMeta
from search_engine.spec import TORCHVISION_MODELS, AdoptedConfig, ImageShape, Lineage, format_cell
from search_engine.spec.errors import ExportError
from search_engine.spec.export_form import why_not_offered
from search_engine.transforms import inherit, remove_gates
from tests.adopting import (
    QUIET,
    every_operation,
    images_of,
    other_layers,
    several,
    share_layers,
    site_groups,
    small_outline,
    trained_adopted,
)
from tests.exporting import export_to, own_net
from tests.growing import look_trained
from tests.search_engine.export.exporting import faults_in, imported, run_bare

pytestmark = pytest.mark.thorough

MODELS = {
    "resnet18": "plain",
    "densenet121": "plain",
    "mobilenet_v3_small": "grouped",
    "efficientnet_b0": "grouped",
    "shufflenet_v2_x0_5": "grouped",
    "googlenet": "plain",
    "mnasnet0_5": "grouped",
    "squeezenet1_1": "plain",
}
"""Models, and of which kind the sites of their cells are."""


def grown(network: AdoptedNetwork, *, layers: bool = True) -> AdoptedNetwork:
    """A child with every operation, and with wider and deeper layers."""
    config = cast(AdoptedConfig, network.architecture.skeleton)
    steps = (*every_operation(), *(other_layers(config) if layers else ()))
    child = inherit(network, Lineage(steps, 0, QUIET))
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
    network = trained_adopted(outline.config(chosen), seed=0)
    return network, grown(network)


@functools.cache
def text_of(network: AdoptedNetwork) -> str:
    skeleton = network.architecture.skeleton
    names, channels = tuple(map(str, range(skeleton.classes))), skeleton.image.channels
    about = About(skeleton.image, names, (0.5,) * channels, (0.25,) * channels)
    return write_program(network, about, "network.safetensors")


def rebuilt(network: AdoptedNetwork) -> nn.Module:
    """The network of the generated file with the weights of this one themselves."""
    program = imported(text_of(network), Path("network.py"))
    with EmptyOnMeta():  # no memory for weights that are replaced at once
        made = program.network()
    state: OrderedDict[str, Tensor] = OrderedDict(plain_state(network))
    state._metadata = made.state_dict()._metadata  # type: ignore[attr-defined]
    made.load_state_dict(state, assign=True)
    assert isinstance(made, nn.Module)
    return made.eval()


def images(network: AdoptedNetwork, count: int = 3) -> Tensor:
    return images_of(network.architecture.skeleton, 0, count)  # type: ignore[arg-type]


@torch.no_grad()
def check_same(network: AdoptedNetwork) -> None:
    """Bit for bit, in eval mode and in training with the same random numbers."""
    plain, x = rebuilt(network), images(network)
    assert torch.equal(network(x), plain(x))
    logits = []
    for each in (network, plain):
        torch.manual_seed(0)
        logits.append(each.train()(x))
        each.eval()
    assert torch.equal(*logits)


@pytest.mark.parametrize("model", MODELS)
def test_the_file_computes_the_same_as_start_and_grown(model: str) -> None:
    for network in networks(model):
        check_same(copy.deepcopy(network))


@pytest.mark.slow
@pytest.mark.parametrize("model", TORCHVISION_MODELS)
def test_so_do_those_of_every_classifier_and_kind_of_site(model: str) -> None:
    outline = small_outline(model)
    for names in site_groups(outline).values():
        start = trained_adopted(outline.config(several(names, random.Random(model))), seed=0)
        share_layers(start)
        for network in (start, grown(start, layers=False)):
            check_same(network)
    text_of.cache_clear()


@pytest.mark.parametrize("model", ["resnet18", "densenet121", "efficientnet_b0", "squeezenet1_1"])
def test_the_network_of_the_file_learns(model: str) -> None:
    network = copy.deepcopy(networks(model)[1])
    plain = rebuilt(network).train()
    F.cross_entropy(plain(images(network)), torch.arange(3)).backward()
    for name, parameter in plain.named_parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all(), name


@pytest.mark.parametrize(("model", "is_site"), [("resnet18", False), ("shufflenet_v2_x0_5", True)])
def test_the_stem_takes_grey_images_be_it_a_site_or_not(model: str, is_site: bool) -> None:
    outline = outline_torchvision(model, ImageShape(1, 32, 32), classes=7)
    start = trained_adopted(outline.config(site_groups(outline)["plain"][:1]), seed=0)
    assert (start.stem in start.cells()) == is_site
    assert (f'"{start.stem}", nn.Conv2d(1, 64, 7, ' in text_of(start)) == (not is_site)
    check_same(start)


def test_the_files_are_clean_and_in_ruffs_layout(tmp_path: Path) -> None:
    for model in MODELS:
        for number, network in enumerate(networks(model)):
            (tmp_path / f"{model}{number}.py").write_text(text_of(network))
    assert not faults_in(tmp_path)


def test_the_file_reads_as_a_person_would_write_it() -> None:
    start, child = networks("resnet18")
    text = text_of(start)
    assert "    model = torchvision.models.resnet18(num_classes=10)\n" in text
    for site in start.cells():
        assert f'    model.set_submodule("{site}", Cell(' in text
    assert len(text.splitlines()) < 140
    tree = "".join(format_cell(child.architecture.cell).split())
    assert tree in "".join(text_of(child).split())
    assert f"A cell stands in place of {len(child.cells())} of its 3x3 convolutions;" in text


def test_nothing_but_torch_and_torchvision_is_imported() -> None:
    for model in MODELS:
        text = text_of(networks(model)[1])
        found = set(re.findall(r"^(?:from|import) (\w+)", text, re.MULTILINE))
        assert found <= {"collections", "json", "math", "pathlib", "torch", "torchvision"}
        assert "it needs torch and torchvision.\n" in text


def test_an_exported_program_has_no_such_file_and_its_user_hears_why(tmp_path: Path) -> None:
    path = export_to(own_net(), tmp_path / "own.pt2")
    network = adopt(outline_exported(path).config(), weights=path)
    skeleton = network.architecture.skeleton
    reasons = {kind: why_not_offered(kind, skeleton) for kind in ExportKind}
    assert [kind for kind, reason in reasons.items() if reason] == [ExportKind.PYTORCH]
    save_checkpoint(network, tmp_path / "checkpoint")
    with pytest.raises(ExportError) as caught:
        build_export(tmp_path / "checkpoint", ExportKind.PYTORCH, tmp_path / "out", images=None)
    assert caught.value.reason == reasons[ExportKind.PYTORCH]
    assert not (tmp_path / "out").exists()
    with pytest.raises(ExportError):
        write_program(network, About(skeleton.image, (), (), ()), "network.safetensors")


RUN = """
import importlib.util
for name in ("search_engine", "safetensors"):
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


def test_an_export_runs_where_there_is_nothing_but_torch_and_torchvision(
    environment_with_torchvision: Path, tmp_path: Path
) -> None:
    folders, expected = [], []
    for model in ("mobilenet_v3_small", "mnasnet0_5"):
        network = copy.deepcopy(networks(model)[1]).float().eval()
        save_checkpoint(network, tmp_path / "checkpoint" / model)
        folder = tmp_path / model
        report = build_export(
            tmp_path / "checkpoint" / model, ExportKind.PYTORCH, folder, images=None
        )
        assert [file.name for file in report.files] == ["network.py", "network.safetensors"]
        assert report.largest_difference < 1e-6 and "torchvision" in report.versions
        pixels = torch.full((2, 3, 32, 32), 128 / 255)
        with torch.inference_mode():
            expected.append(network(pixels).flatten())
        folders.append(str(folder))
    printed = run_bare(environment_with_torchvision, RUN, *folders).splitlines()
    for line, logits in zip(printed, expected, strict=True):
        assert torch.allclose(torch.tensor([float(x) for x in line.split()]), logits, rtol=1e-4)
