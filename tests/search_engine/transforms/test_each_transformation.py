"""Every transformation by itself: merge x operation x order, widths that do not divide, replay."""

from pathlib import Path

import pytest
import torch

from search_engine.checkpoint import load_checkpoint, save_checkpoint
from search_engine.networks import Network
from search_engine.spec import (
    ChainNetConfig,
    Deepen,
    DenseNetConfig,
    ImageShape,
    InsertNode,
    Lineage,
    Merge,
    Morph,
    MorphKind,
    Operation,
    Order,
    PyramidNetConfig,
    ReplaceIdentity,
    SetMerge,
    Transformation,
    Widen,
    format_cell,
)
from search_engine.spec.errors import IllegalTransformation
from search_engine.transforms import inherit, remove_gates
from tests.growing import (
    IMAGE,
    NEW_OPERATIONS,
    random_images,
    relative_change,
    small_skeleton,
    trained_network,
)

QUIET = Morph(MorphKind.ANNEALED, noise=0.0)


def change(parent: Network, *transformations: Transformation, morph: Morph = QUIET) -> float:
    """How much the transformations change the logits, as a share of their scale."""
    images = random_images(7)
    child = inherit(parent, Lineage(transformations, 3, morph), [images])
    with torch.no_grad():
        return relative_change(parent(images), child(images))


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("operation", NEW_OPERATIONS)
def test_every_operation_starts_shut(operation: Operation, order: Order) -> None:
    parent = trained_network(small_skeleton("densenet", order, groups=2), 1)
    assert change(parent, InsertNode((0,)), ReplaceIdentity((0, 0), operation)) <= 1e-10


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("merge", [Merge.ADD, Merge.CONCAT])
@pytest.mark.parametrize("operation", list(Operation))
def test_every_operation_can_be_merged_below_the_root(
    operation: Operation, merge: Merge, order: Order
) -> None:
    parent = trained_network(small_skeleton("densenet", order, groups=2), 1)
    grown: list[Transformation] = [InsertNode((0,))]
    if operation is not Operation.IDENTITY:
        grown.append(ReplaceIdentity((0, 0), operation))
    assert change(parent, *grown, SetMerge((0,), merge, 2)) <= 1e-10


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("merge", [Merge.ADD, Merge.CONCAT])
@pytest.mark.parametrize("channels", [7, 32])
def test_three_branches_of_widths_that_do_not_divide(
    channels: int, merge: Merge, order: Order
) -> None:
    skeleton = ChainNetConfig(blocks=1, channels=channels, order=order, image=IMAGE)
    parent = trained_network(skeleton, 2)
    grown = (
        SetMerge((), merge, 3),
        InsertNode((1,)),
        SetMerge((1,), Merge.CONCAT, 2),
        ReplaceIdentity((1, 1), Operation.SEP_CONV_5X5),
    )
    assert change(parent, *grown) <= 1e-10


@pytest.mark.parametrize("growth", [5, 11])
def test_odd_growth_rates(growth: int) -> None:
    parent = trained_network(DenseNetConfig(blocks=2, growth=growth, groups=1, image=IMAGE), 2)
    grown = (SetMerge((), Merge.CONCAT, 3), InsertNode((0,)), SetMerge((0,), Merge.ADD, 3))
    assert change(parent, *grown) <= 1e-10


@pytest.mark.parametrize(
    ("family", "layer"),
    [
        ("densenet", "stage1_block1.bottleneck"),
        ("pyramidnet", "stage2_block1.bottleneck"),
        ("pyramidnet", "stage2_block1.cell"),
        ("chainnet", "stage1_block1.cell"),
        ("chainnet", "stage3_block1.cell"),
    ],
)
def test_widen_goes_through_splits_concats_and_added_layers(family: str, layer: str) -> None:
    parent = trained_network(small_skeleton(family, groups=2), 4)
    width = parent.architecture.skeleton.hidden_layers()[layer].width
    grown = (
        SetMerge((), Merge.CONCAT, 2),
        InsertNode((0,)),
        ReplaceIdentity((0, 0), Operation.CONV_1X1),
        SetMerge((0,), Merge.CONCAT, 2),
        Deepen(layer),
        Widen(layer, width + 8),
    )
    assert change(parent, *grown) <= 1e-10


def test_noise_breaks_the_symmetry_of_copies_a_little() -> None:
    parent = trained_network(small_skeleton("chainnet"), 5)
    moved = change(parent, SetMerge((), Merge.ADD, 2), morph=Morph(MorphKind.ANNEALED, 0.006))
    assert 1e-6 < moved < 0.1


def test_kernels_of_one_value_get_no_noise() -> None:
    parent = trained_network(ChainNetConfig(blocks=1, channels=2, image=IMAGE), 5)
    grown = (
        InsertNode((0,)),
        SetMerge((0,), Merge.CONCAT, 2),
        ReplaceIdentity((0, 0), Operation.CONV_1X1),
    )
    assert change(parent, *grown, morph=Morph(MorphKind.ANNEALED, 0.006)) <= 1e-10


def test_noise_leaves_the_first_copy_and_all_batch_norms_alone() -> None:
    parent = trained_network(small_skeleton("chainnet"), 5)
    child = inherit(parent, Lineage((SetMerge((), Merge.ADD, 3),)))
    before = parent.state_dict()
    for name, tensor in child.state_dict().items():
        if "branches.0" in name or ("norm" in name and "branches" in name):
            first = name.replace("branches.1", "branches.0").replace("branches.2", "branches.0")
            assert torch.equal(tensor, before[first])


@pytest.mark.parametrize("order", [Order.BN_ACT_WEIGHT, Order.ACT_WEIGHT_BN])
def test_exact_morphs_are_refused_where_a_relu_would_cut(order: Order) -> None:
    parent = trained_network(small_skeleton("chainnet", order), 5)
    with pytest.raises(IllegalTransformation, match="choose annealed"):
        change(
            parent,
            InsertNode((0,)),
            ReplaceIdentity((0, 0), Operation.CONV_1X1),
            morph=Morph(MorphKind.EXACT),
        )


def test_a_refused_transformation_leaves_the_parent_as_it_was() -> None:
    parent = trained_network(small_skeleton("pyramidnet", groups=2), 6)
    before = {name: tensor.clone() for name, tensor in parent.state_dict().items()}
    architecture = parent.architecture
    with pytest.raises(IllegalTransformation, match="it has 3"):
        change(parent, SetMerge((), Merge.ADD, 3), SetMerge((), Merge.ADD, 2))
    assert parent.architecture == architecture
    assert all(torch.equal(before[name], tensor) for name, tensor in parent.state_dict().items())


def test_start_checkpoint_list_and_seed_rebuild_the_child_bit_for_bit(tmp_path: Path) -> None:
    skeleton = PyramidNetConfig(blocks=1, alpha=9, image=ImageShape(1, 8, 8))
    start = trained_network(skeleton, 8).float()
    images = random_images(8).float()
    grown = (
        SetMerge((), Merge.ADD, 2),
        InsertNode((1,)),
        ReplaceIdentity((1, 0), Operation.SEP_CONV_3X3),
        Widen("stage1_block1.bottleneck", 40),
        Deepen("stage1_block1.cell"),
    )
    lineage = Lineage(grown, seed=11)
    child = inherit(start, lineage, [images])
    save_checkpoint(start, tmp_path)
    again = inherit(load_checkpoint(tmp_path), Lineage.from_json(lineage.to_json()), [images])
    assert format_cell(again.architecture.cell) == format_cell(child.architecture.cell)
    assert len(child.gates()) == len(again.gates()) > 0
    pairs = zip(child.state_dict().items(), again.state_dict().items(), strict=True)
    assert all(name == other and torch.equal(a, b) for (name, a), (other, b) in pairs)


def test_another_seed_gives_another_child() -> None:
    parent = trained_network(small_skeleton("densenet"), 9)
    grown = (SetMerge((), Merge.ADD, 2),)
    one, other = (inherit(parent, Lineage(grown, seed)) for seed in (1, 2))
    state, others = one.state_dict(), other.state_dict()
    assert any(not torch.equal(state[name], others[name]) for name in state)


def test_a_child_that_is_still_being_morphed_has_no_children() -> None:
    parent = trained_network(small_skeleton("densenet"), 9)
    grown = (InsertNode((0,)), ReplaceIdentity((0, 0), Operation.MAX_POOL_3X3))
    child = inherit(parent, Lineage(grown))
    with pytest.raises(IllegalTransformation, match="still being morphed"):
        inherit(child, Lineage(grown))
    remove_gates(child)
    assert inherit(child, Lineage((InsertNode((0, 0)),))).architecture.cell.height == 3
