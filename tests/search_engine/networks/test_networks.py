"""The four networks: counts, shapes, sites, orders, JSON."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from search_engine.networks import (
    CondenseNet,
    Network,
    build_empty,
    build_network,
    count_multiply_adds,
    count_parameters,
)
from search_engine.spec import (
    TREE_CELL_A,
    TREE_CELL_B,
    Architecture,
    Cell,
    ChainNetConfig,
    CondenseNetConfig,
    Deepen,
    DenseNetConfig,
    ImageShape,
    InsertNode,
    Merge,
    Order,
    PyramidNetConfig,
    SetMerge,
    SkeletonConfig,
    Widen,
    grow_cell,
    parse_cell,
)
from tests.growing import FAMILIES, IMAGE, random_images, small_skeleton

PAPER_NETWORKS: list[tuple[SkeletonConfig, Cell]] = [
    (DenseNetConfig(blocks=16, growth=48), TREE_CELL_A),
    (PyramidNetConfig(blocks=18, alpha=84), TREE_CELL_A),
    (PyramidNetConfig(blocks=18, alpha=150), TREE_CELL_A),
    (CondenseNetConfig(), TREE_CELL_B),
]


def counted(network: Network) -> tuple[int, int]:
    """Parameters and multiply-adds of live modules."""
    image = network.architecture.skeleton.image
    device = next(network.parameters()).device
    images = torch.zeros(1, image.channels, image.height, image.width, device=device)
    return count_parameters(network), count_multiply_adds(network, images)


@pytest.mark.parametrize(("skeleton", "cell"), PAPER_NETWORKS)
@pytest.mark.thorough
def test_counts_of_the_papers_networks_are_those_of_the_modules(
    skeleton: SkeletonConfig, cell: Cell
) -> None:
    architecture = Architecture(skeleton, cell)
    converted = skeleton.family == "condensenet"
    network = build_empty(architecture, device="meta", converted=converted)
    cost = architecture.cost
    assert counted(network) == (cost.parameters, cost.multiply_adds)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("notation", ["start", "add[G3x3 -> concat/split[sep7, avg3], G3x3]"])
def test_counts_agree_with_the_modules_in_every_order(
    family: str, order: Order, notation: str
) -> None:
    skeleton = small_skeleton(family, order, groups=2)
    cell = skeleton.start_cell if notation == "start" else parse_cell(notation)
    architecture = Architecture(skeleton, cell)
    network = build_network(architecture, seed=0)
    if isinstance(network, CondenseNet):
        network = network.converted()
    assert counted(network) == (architecture.cost.parameters, architecture.cost.multiply_adds)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("order", Order)
def test_counts_follow_widened_and_deepened_layers(family: str, order: Order) -> None:
    architecture = Architecture.start(small_skeleton(family, order, groups=2))
    for name, layer in architecture.skeleton.hidden_layers().items():
        architecture = architecture.after(Widen(name, layer.width + 8)).after(Deepen(name))
    cost = architecture.cost
    network = build_network(architecture, seed=0)
    if isinstance(network, CondenseNet):
        network = network.converted()
    assert counted(network) == (cost.parameters, cost.multiply_adds)
    assert network(torch.zeros(2, 1, 8, 8)).shape == (2, 10)


def test_counts_follow_the_stride_of_the_stem() -> None:
    skeleton = ChainNetConfig(
        blocks=1, channels=4, stem_stride=2, image=ImageShape(1, 28, 28), classes=10
    )
    architecture = Architecture.start(skeleton).after(Deepen("stem"))
    network = build_network(architecture, seed=0)
    assert counted(network) == (architecture.cost.parameters, architecture.cost.multiply_adds)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [(8, 8), (28, 28), (12, 20)])
@pytest.mark.parametrize("family", ["densenet", "pyramidnet", "chainnet"])
def test_any_image_size_that_divides(family: str, size: tuple[int, int], channels: int) -> None:
    skeleton = replace(
        small_skeleton(family, groups=2), image=ImageShape(channels, *size), classes=7
    )
    network = build_network(Architecture(skeleton, parse_cell("add[G3x3, G3x3]")), seed=0)
    assert network(torch.zeros(2, channels, *size)).shape == (2, 7)


@pytest.mark.parametrize("family", FAMILIES)
def test_cells_are_the_sites(family: str) -> None:
    network = build_network(Architecture.start(small_skeleton(family, groups=2)), seed=0)
    sites = network.architecture.skeleton.sites()
    assert [cell.root.shape for cell in network.cells().values()] == list(sites)
    searched = {"densenet": 3, "pyramidnet": 3, "chainnet": 3, "condensenet": 2}
    assert len(sites) == searched[family]


@settings(max_examples=20)
@given(permutation=st.permutations(range(3)), seed=st.integers(0, 100))
def test_permuted_branches_under_add_are_one_cell_with_one_output(
    permutation: list[int], seed: int
) -> None:
    start = Architecture.start(ChainNetConfig(blocks=1, channels=8, image=IMAGE))
    cell = grow_cell(start.cell, [SetMerge((), Merge.ADD, 3), InsertNode((1,))])
    network = build_network(Architecture(start.skeleton, cell), seed=seed).double().eval()
    images, root = random_images(seed), cell.root
    before = network(images)
    for module in network.cells().values():
        branches = [module.root.branch(index) for index in permutation]
        module.root.set_branches(branches, Merge.ADD, root.allocation)
    permuted = Cell(replace(root, branches=tuple(root.branches[i] for i in permutation)))
    assert permuted.digest == cell.digest
    torch.testing.assert_close(network(images), before, rtol=0, atol=1e-12)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_same_seed_gives_the_same_weights(family: str) -> None:
    architecture = Architecture.start(small_skeleton(family, groups=2))
    torch.manual_seed(1)
    one = build_network(architecture, seed=5).state_dict()
    expected = torch.rand(1, generator=torch.Generator().manual_seed(1))
    assert torch.equal(torch.rand(1), expected), "building drew from the global generator"
    other = build_network(architecture, seed=5).state_dict()
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_drop_path_drops_branches_in_training_and_keeps_the_mean() -> None:
    skeleton = ChainNetConfig(blocks=1, channels=8, image=IMAGE, drop_path=0.5)
    cell = Architecture(skeleton, parse_cell("add[conv3x3, conv3x3]"))
    node = build_network(cell, seed=0).cells()["stage1_block1"].root
    images = torch.randn(1, 8, 8, 8).expand(4000, -1, -1, -1)
    whole = node.eval()(images)
    torch.manual_seed(0)
    parts = [node.branch(index)(images[:1]) for index in range(2)]
    dropped = node.train()
    for branch in dropped.branches:
        branch.eval()
    outputs = dropped(images)
    assert len(torch.unique(outputs.flatten(1)[:, 0].round(decimals=4))) == 4
    assert any(torch.allclose(row, parts[0][0], atol=1e-5) for row in outputs[:40])
    torch.testing.assert_close(outputs.mean(dim=0), whole[0], rtol=0.1, atol=0.05)
