"""Parameters and multiply-adds: the published networks, and small ones counted by hand."""

import pytest

from search_engine.spec import (
    START_CELL,
    TREE_CELL_A,
    TREE_CELL_B,
    Cell,
    ChainNetConfig,
    CondenseNetConfig,
    Cost,
    Deepen,
    DenseNetConfig,
    ImageShape,
    Order,
    PyramidNetConfig,
    Shape,
    SkeletonConfig,
    Widen,
    parse_cell,
)
from search_engine.spec.cost import cell_cost

TINY = ImageShape(1, 4, 4)
WEIGHT_FIRST, NORM_FIRST = Order.WEIGHT_BN_ACT, Order.BN_ACT_WEIGHT


def millions(number: int) -> float:
    return round(number / 1e6, 1)


@pytest.mark.parametrize(
    ("skeleton", "parameters", "published"),
    [
        (DenseNetConfig(blocks=16, growth=48, groups=2), 13_116_010, 13.1),
        (PyramidNetConfig(blocks=18, alpha=84, groups=2), 5_724_330, 5.7),
        (PyramidNetConfig(blocks=18, alpha=150, groups=2), 14_273_454, 14.3),
    ],
)
def test_tree_cell_a_has_the_published_parameters(
    skeleton: SkeletonConfig, parameters: int, published: float
) -> None:
    assert skeleton.cost(TREE_CELL_A).parameters == parameters
    assert millions(parameters) == published


def test_tree_cell_b_has_the_published_multiply_adds() -> None:
    skeleton = CondenseNetConfig(learned_groups=4, groups=8, image=ImageShape(3, 224, 224))
    cost = skeleton.cost(TREE_CELL_B)
    assert cost.multiply_adds == 594_212_672
    assert round(cost.multiply_adds / 1e6) == 594


def test_a_tiny_densenet_counted_by_hand() -> None:
    # Parameters, norms last; multiply-adds = weights x pixels of the output.
    # stem     1->4 3x3   36 + norm  8                      36 x 16 =  576
    # stage 1  4->8 1x1   32 + norm 16, cell 8->2 144 + 4   (32 + 144) x 16 = 2816
    # between  6->3 1x1   18 + norm  6                      18 x 16 =  288
    # stage 2  3->8 1x1   24 + norm 16, cell 144 + 4        (24 + 144) x 4 = 672
    # between  5->2 1x1   10 + norm  4                      10 x 4 = 40
    # stage 3  2->8 1x1   16 + norm 16, cell 144 + 4        16 + 144 = 160
    # head     norm of 4   8, linear 4->3 12 + 3            12
    skeleton = DenseNetConfig(
        blocks=1, growth=2, groups=1, image=TINY, classes=3, order=WEIGHT_FIRST
    )
    parameters = 44 + 48 + 148 + 24 + 40 + 148 + 14 + 32 + 148 + 8 + 15
    assert skeleton.cost(START_CELL) == Cost(parameters, 576 + 2816 + 288 + 672 + 40 + 160 + 12)


def test_a_tiny_chainnet_counted_by_hand() -> None:
    # stem  1->2 3x3   18 + norm  4     18 x 16 = 288
    # 1     2->2 3x3   36 + norm  4     36 x 16 = 576
    # 2     2->4 3x3   72 + norm  8     72 x  4 = 288
    # 3     4->8 3x3  288 + norm 16    288 x  1 = 288
    # head  norm of 8  16, linear 8->3  24 + 3        24
    skeleton = ChainNetConfig(blocks=1, channels=2, image=TINY, classes=3, order=WEIGHT_FIRST)
    parameters = 22 + 40 + 80 + 304 + 16 + 27
    assert skeleton.cost(START_CELL) == Cost(parameters, 288 + 576 + 288 + 288 + 24)


@pytest.mark.parametrize(
    ("notation", "site", "order", "parameters", "weights"),
    [
        # 6x4x9 = 216 weights; the norm has 2 x 4, or 2 x 6 where it comes first.
        ("[conv3x3]", Shape(6, 4), WEIGHT_FIRST, 216 + 8, 216),
        ("[conv3x3]", Shape(6, 4), NORM_FIRST, 216 + 12, 216),
        # Half of the inputs for each output.
        ("[G3x3]", Shape(6, 4, 1, 2), WEIGHT_FIRST, 108 + 8, 108),
        # 6 depthwise kernels of 25, then 6x4.
        ("[sep5]", Shape(6, 4), WEIGHT_FIRST, 174 + 8, 174),
        ("[sep5]", Shape(6, 4), NORM_FIRST, 174 + 12, 174),
        # Parts: 3->4 and 3->3 of a 1x1.
        ("concat/split[conv1x1, conv1x1]", Shape(6, 7), WEIGHT_FIRST, 12 + 8 + 9 + 6, 21),
        ("concat/replicate[conv1x1, conv1x1]", Shape(6, 7), NORM_FIRST, 24 + 18 + 24, 42),
        ("add[identity, max3, avg3]", Shape(6, 6), NORM_FIRST, 0, 0),
    ],
)
def test_a_cell_counted_by_hand(
    notation: str, site: Shape, order: Order, parameters: int, weights: int
) -> None:
    cost = cell_cost(parse_cell(notation), site, order, (5, 3))
    assert cost == Cost(parameters, weights * 15)


def test_a_norm_before_add_is_counted_for_each_branch() -> None:
    cell, site = parse_cell("add[identity, max3 -> [identity]]"), Shape(6, 6)
    assert cell_cost(cell, site, NORM_FIRST, (1, 1), norm_before_add=True) == Cost(2 * 12)


@pytest.mark.parametrize("order", Order)
def test_layers_of_widen_and_deepen_are_counted(order: Order) -> None:
    skeleton = ChainNetConfig(blocks=1, channels=4, image=TINY, order=order)
    name = "stage1_block1.cell"
    before, deep = (s.cost(START_CELL) for s in (skeleton, Deepen(name).apply(skeleton)))
    assert deep.parameters - before.parameters == 4 * 4 * 9 + 8
    assert deep.multiply_adds - before.multiply_adds == 4 * 4 * 9 * 16
    wide = Widen(name, 6).apply(skeleton).cost(START_CELL)
    # Two more outputs of 4 inputs, two more inputs of 8 outputs; one norm of the two widens.
    assert wide.parameters - before.parameters == (2 * 4 + 2 * 8) * 9 + 2 * 2


@pytest.mark.parametrize("cell", [START_CELL, parse_cell("add[conv3x3, conv3x3 -> [sep3]]")])
def test_condensenet_keeps_its_start_cell_outside_the_searched_blocks(cell: Cell) -> None:
    config = CondenseNetConfig(
        blocks=(1, 2), growths=(4, 8), searched=(0, 1), groups=1, image=ImageShape(3, 8, 8)
    )
    extra = config.cost(cell).parameters - config.cost(START_CELL).parameters
    site = config.sites()
    assert len(site) == 1
    more, less = (
        cell_cost(c, site[0], config.order, (2, 2), norm_before_add=True)
        for c in (cell, START_CELL)
    )
    assert extra == more.parameters - less.parameters
