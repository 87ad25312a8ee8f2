"""Adopted torchvision classifiers as modules: outlines, weights, small and grey images."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
import torch
import torchvision
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F

from search_engine.checkpoint import load_checkpoint, save_checkpoint
from search_engine.networks import (
    AdoptedNetwork,
    build_empty,
    build_network,
    count_multiply_adds,
    count_parameters,
)
from search_engine.networks.adopted import adopt, outline_torchvision
from search_engine.networks.adopted.inspection import why_no_site
from search_engine.networks.adopted.torchvision_nets import (
    EmptyOnMeta,
    empty_torchvision,
    fold_stem,
)
from search_engine.spec import (
    TORCHVISION_MODELS,
    AdoptedConfig,
    Architecture,
    ImageShape,
    Lineage,
    Order,
    ReplaceIdentity,
    parse_cell,
)
from search_engine.spec.errors import CheckpointError, InvalidConfig
from search_engine.spec.operations import Operation
from search_engine.spec.transformations import InsertNode
from search_engine.transforms import inherit, remove_gates, set_opening
from tests.adopting import images_of, other_layers, small_outline, trained_adopted
from tests.growing import look_trained, relative_change

pytestmark = pytest.mark.thorough

SMALL = "shufflenet_v2_x0_5"
COLOURS, GREY = ImageShape(3, 32, 32), ImageShape(1, 28, 28)
EXAMPLES = ("resnet18", "regnet_y_400mf", "mnasnet0_5", "squeezenet1_1", "densenet121", SMALL)


INNER = {
    "densenet121": "features.denseblock2.denselayer3.conv1",
    "efficientnet_b0": "features.2.1.block.0.0",
    "mobilenet_v2": "features.5.conv.0.0",
    "mobilenet_v3_small": "features.4.block.0.0",
    "regnet_y_400mf": "trunk_output.block2.block2-0.f.b.0",
    "resnet18": "layer2.1.conv1",
    "resnext50_32x4d": "layer1.0.conv2",
}
"""A model of each family that has inner layers in its blocks, and one of them."""


def own(model: str, classes: int = 10, seed: int = 0) -> nn.Module:
    """The classifier as torchvision makes it, looking trained, in eval mode."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module = torchvision.models.get_model(model, weights=None, num_classes=classes)
    return look_trained(module, seed).eval()


def weights_file(module: nn.Module, path: Path) -> Path:
    save_file({name: tensor.contiguous() for name, tensor in module.state_dict().items()}, path)
    return path


@cache
def config_of(model: str = SMALL, image: ImageShape = COLOURS, classes: int = 10) -> AdoptedConfig:
    return outline_torchvision(model, image, classes).config()


def images(image: ImageShape = COLOURS, count: int = 2) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(count, image.channels, image.height, image.width, generator=generator)


def test_the_models_are_those_of_torchvision_that_have_a_site() -> None:
    found = []
    for model in torchvision.models.list_models(module=torchvision.models):
        with EmptyOnMeta():
            module = torchvision.models.get_model(model, weights=None)
        if any(not why_no_site(m) for m in module.modules() if isinstance(m, nn.Conv2d)):
            found.append(model)
    assert tuple(found) == TORCHVISION_MODELS


def test_an_outline_shows_the_layers_in_the_order_in_which_data_flows() -> None:
    layers = outline_torchvision("resnet18", COLOURS, 10).layers
    assert [layer.name for layer in layers[:4]] == [
        "conv1",
        "maxpool",
        "layer1.0.conv1",
        "layer1.0.conv2",
    ]
    stem, pool, first, _ = layers[:4]
    assert (stem.text, stem.size, stem.why_not) == ("7x7 conv", (16, 16), "its kernel is 7x7")
    assert (pool.text, pool.size, pool.why_not) == ("3x3 max pool", (8, 8), "it is a pool")
    assert (first.block, first.size, first.why_not) == ("layer1.0", (8, 8), "")
    assert layers[-1].name == "fc"


@pytest.mark.parametrize("model", EXAMPLES)
def test_an_adopted_network_computes_what_it_did(model: str, tmp_path: Path) -> None:
    module = own(model)
    network = adopt(config_of(model), weights=weights_file(module, tmp_path / "w.safetensors"))
    with torch.no_grad():
        assert torch.equal(network.eval()(images()), module(images()))


@pytest.mark.parametrize("model", EXAMPLES)
def test_counts_agree_with_the_modules(model: str) -> None:
    config = config_of(model)
    (edge,) = config.start_cell.root.branches
    grown = parse_cell(f"add[{edge.operation.symbol} -> [sep5], {edge.operation.symbol}]")
    for cell in (config.start_cell, grown):
        architecture = Architecture(replace(config, classes=7), cell)
        network = build_empty(architecture, device="meta")
        cost = architecture.cost
        assert count_parameters(network) == cost.parameters
        assert count_multiply_adds(network, images().to("meta")) == cost.multiply_adds


@pytest.mark.parametrize("model", INNER)
def test_counts_follow_wider_and_deeper_layers(model: str) -> None:
    config = config_of(model)
    before = Architecture.start(config).cost
    wider = Lineage(other_layers(config)).architecture(Architecture.start(config))
    network = build_network(wider, seed=0)
    image = torch.zeros(1, 3, 32, 32)
    counts = (count_parameters(network), count_multiply_adds(network, image))
    assert counts == (wider.cost.parameters, wider.cost.multiply_adds)
    assert counts > (before.parameters, before.multiply_adds)
    assert all(bool(p.isfinite().all()) for p in network.parameters())
    assert AdoptedConfig.from_json(wider.skeleton.to_json()) == wider.skeleton


@pytest.mark.parametrize(("model", "expected"), INNER.items())
def test_inner_layers_are_found_by_structure(model: str, expected: str) -> None:
    layer = next(inner for inner in config_of(model).inner if inner.name == expected)
    assert layer.readers
    for name in (*layer.writers, *layer.readers):
        assert isinstance(empty_torchvision(model, COLOURS, 10).get_submodule(name), nn.Conv2d)


def test_channels_that_a_shortcut_adds_up_are_no_inner_layer() -> None:
    inner = config_of("resnet50").inner
    written = {name.rpartition(".")[2] for layer in inner for name in layer.writers}
    assert written == {"conv1", "conv2"}  # and no conv3 or downsample.0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"writers": ["layer9"]}, "layer9 is no layer with such channels"),
        ({"carriers": ["fc"]}, "fc is no layer with such channels"),
        ({"readers": ["bn1"]}, "bn1 is no layer with such channels"),
    ],
)
def test_inner_layers_that_are_not_the_networks_are_refused(
    changes: dict[str, list[str]], message: str
) -> None:
    document = config_of("resnet18").to_json()
    document["inner"][0] |= changes
    config = AdoptedConfig.from_json(document)
    with pytest.raises(InvalidConfig, match=message):
        build_empty(Architecture.start(config), device="meta")


def test_a_checkpoint_keeps_wider_and_deeper_layers(tmp_path: Path) -> None:
    parent = trained_adopted(config_of("resnet18"), seed=0).float()
    steps = other_layers(config_of("resnet18"), count=1)
    child = inherit(parent, Lineage(steps)).eval()
    remove_gates(child)
    save_checkpoint(child, tmp_path)
    found, images = load_checkpoint(tmp_path).eval(), images_of(config_of("resnet18"), 0).float()
    assert found.architecture == child.architecture
    assert torch.equal(found(images), child(images))
    assert isinstance(found, AdoptedNetwork)
    assert found.for_classes(7, seed=0)(images).shape == (2, 7)


def test_fresh_weights_are_torchvisions_and_follow_the_seed() -> None:
    config = config_of("resnet18")
    one, same, other = (build_network(Architecture.start(config), seed=s) for s in (1, 1, 2))
    assert torch.equal(one(images()), same(images()))
    assert not torch.equal(one(images()), other(images()))
    assert float(one.outer.fc.weight.detach().abs().max()) <= 1 / 512**0.5  # type: ignore[union-attr, operator]


def test_fresh_weights_leave_torchs_random_numbers_alone() -> None:
    before = torch.random.get_rng_state()
    adopt(config_of())
    assert torch.equal(torch.random.get_rng_state(), before)


def test_a_grown_cell_gets_fresh_weights_too() -> None:
    config = config_of()
    network = build_network(Architecture(config, parse_cell("add[G3x3 -> [sep3], G3x3]")), seed=0)
    logits = network(images())
    assert logits.shape == (2, 10)
    assert logits.isfinite().all()


def test_a_last_layer_for_other_classes_is_drawn_anew(tmp_path: Path) -> None:
    module = own("resnet18", classes=1000)
    path = weights_file(module, tmp_path / "w.safetensors")
    network = adopt(config_of("resnet18", classes=3), weights=path)
    assert network(images()).shape == (2, 3)
    layer = network.get_submodule("outer.layer4.0.bn1")
    assert torch.equal(layer.weight, module.get_submodule("layer4.0.bn1").weight)  # type: ignore[arg-type]


def test_a_copy_for_other_classes_keeps_everything_but_the_last_layer() -> None:
    network = adopt(config_of())
    other = network.for_classes(4, seed=0)
    assert other.architecture.skeleton.classes == 4
    mine, theirs = network.state_dict(), other.state_dict()
    changed = [name for name in mine if not torch.equal(mine[name], theirs[name])]
    assert changed == ["outer.fc.weight", "outer.fc.bias"]


def test_on_grey_images_the_stem_sees_what_it_saw_on_grey_colours(tmp_path: Path) -> None:
    module = own("resnet18")
    path = weights_file(module, tmp_path / "w.safetensors")
    network = adopt(config_of("resnet18", GREY), weights=path).double().eval()
    grey = images(GREY).double()
    with torch.no_grad():
        expected = module.double()(grey.expand(-1, 3, -1, -1))
        assert relative_change(expected, network(grey)) < 1e-6  # the sum is of float32


def test_a_stem_for_more_channels_keeps_its_sum() -> None:
    weight = torch.arange(3.0).view(1, 3, 1, 1)
    assert fold_stem(weight, 6).flatten().tolist() == [0.0, 0.5, 1.0, 0.0, 0.5, 1.0]
    assert fold_stem(weight, 3) is weight


def test_torchs_own_format_is_read_for_its_tensors_only(tmp_path: Path) -> None:
    module = own(SMALL)
    path = tmp_path / "w.pth"
    torch.save({"state_dict": {f"module.{n}": t for n, t in module.state_dict().items()}}, path)
    network = adopt(config_of(), weights=path).eval()
    with torch.no_grad():
        assert torch.equal(network(images()), module(images()))


def test_a_pickle_of_anything_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.pth"
    torch.save(own(SMALL), path)
    with pytest.raises(CheckpointError, match="it does not hold plain tensors"):
        adopt(config_of(), weights=path)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"fc.extra": torch.zeros(1)}, "expected no tensor 'fc.extra'"),
        ({"conv1.1.weight": torch.zeros(3)}, r"conv1.1.weight: expected it of shape \(24,\)"),
        ({"conv1.1.weight": None}, r"conv1.1.weight: .*got none"),
    ],
)
def test_weights_of_another_network_are_refused(
    change: dict[str, Tensor | None], reason: str, tmp_path: Path
) -> None:
    state = {**own(SMALL).state_dict(), **change}
    path = tmp_path / "w.safetensors"
    save_file({name: t.contiguous() for name, t in state.items() if t is not None}, path)
    with pytest.raises(CheckpointError, match=reason):
        adopt(config_of(), weights=path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"nothing\.safetensors"):
        adopt(config_of(), weights=tmp_path / "nothing.safetensors")


@pytest.mark.parametrize("model", ["mnasnet0_5", SMALL])
def test_a_checkpoint_keeps_a_grown_network(model: str, tmp_path: Path) -> None:
    parent = trained_adopted(config_of(model), seed=0).float()
    growth = (InsertNode((0,)), ReplaceIdentity((0, 0), Operation.SEP_CONV_3X3))
    child = inherit(parent, Lineage(growth), [images()])
    remove_gates(child)
    save_checkpoint(child, tmp_path)
    loaded = load_checkpoint(tmp_path)
    assert loaded.architecture == child.architecture
    kept = loaded.state_dict()
    assert all(torch.equal(kept[name], tensor) for name, tensor in child.state_dict().items())
    with torch.no_grad():
        assert relative_change(child.eval()(images()), loaded(images())) < 1e-5


@pytest.mark.parametrize(
    ("model", "side", "advice"),
    [("alexnet", 32, "64 x 64"), ("inception_v3", 48, "75 x 75"), ("maxvit_t", 32, "224 x 224")],
)
def test_images_that_are_too_small_are_refused_with_advice(
    model: str, side: int, advice: str
) -> None:
    reason = f"image: {model} cannot take images of {side} x {side} pixels; {advice} would do"
    with pytest.raises(InvalidConfig, match=reason):
        outline_torchvision(model, ImageShape(3, side, side))


@pytest.mark.parametrize("model", ["resnet1", "vit_b_16", "quantized_resnet18", "../resnet18"])
def test_other_models_are_refused(model: str) -> None:
    with pytest.raises(InvalidConfig, match="model: expected a torchvision classifier"):
        outline_torchvision(model, COLOURS)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"name": "nothing"}, "the network has no layer 'nothing'"),
        ({"name": "conv5.0"}, "conv5.0 is no site: its kernel is 1x1"),
        ({"out_channels": 96, "in_channels": 96, "groups": 96}, "expected channels in and out"),
    ],
)
def test_sites_that_are_not_the_networks_are_refused(
    change: dict[str, object], reason: str
) -> None:
    config = config_of()
    site = replace(config.chosen[0], **change)  # type: ignore[arg-type]
    with pytest.raises(InvalidConfig, match=reason):
        adopt(replace(config, chosen=(site,)))


def test_one_image_is_a_batch_in_training_too() -> None:
    network = adopt(config_of(image=ImageShape(3, 8, 8))).train()
    assert network(images(ImageShape(3, 8, 8), count=1)).isfinite().all()
    assert all(m.training for m in network.modules() if isinstance(m, nn.BatchNorm2d))


@pytest.mark.parametrize("order", list(Order))
def test_children_learn_in_every_part(order: Order) -> None:
    """SqueezeNet has ReLUs in place right behind its convolutions, and no batch norm."""
    config = small_outline("squeezenet1_1").config(order=order)
    parent = trained_adopted(config, seed=0)
    x = images_of(config, seed=0)
    growth = (InsertNode((0,)), ReplaceIdentity((0, 0), Operation.CONV_1X1))
    child = inherit(parent, Lineage(growth), [x]).train()
    set_opening(child, 0.5)
    F.cross_entropy(child(x), torch.tensor([1, 2])).backward()
    for cell in child.cells().values():
        assert all(parameter.grad is not None for parameter in cell.parameters())


def test_googlenet_has_no_auxiliary_classifiers() -> None:
    module = empty_torchvision("googlenet", COLOURS, 10)
    assert not [name for name, _ in module.named_parameters() if name.startswith("aux")]
    assert module.train()(images().to("meta")).shape == (2, 10)
