"""The guess at a training's memory, against what autograd keeps of a live network."""

from itertools import chain

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from search_engine.networks import Network, build_network
from search_engine.spec import (
    TREE_CELL_A,
    Architecture,
    Cell,
    ChainNetConfig,
    CondenseNetConfig,
    DenseNetConfig,
    ImageShape,
    Order,
    PyramidNetConfig,
    SkeletonConfig,
    parse_cell,
)
from search_engine.spec.memory import kept_numbers, training_memory
from tests.adopting import small_outline

IMAGE = ImageShape(3, 16, 16)
BATCH = 4
CELLS = [None, TREE_CELL_A, parse_cell("add[G3x3 -> [sep3], G3x3 -> add[max3, sep7]]")]
SKELETONS = [
    DenseNetConfig(blocks=2, growth=8, image=IMAGE),
    DenseNetConfig(blocks=2, growth=8, image=IMAGE, order=Order.WEIGHT_BN_ACT),
    PyramidNetConfig(blocks=2, alpha=12, image=IMAGE),
    ChainNetConfig(blocks=2, channels=16, groups=2, image=IMAGE),
    CondenseNetConfig(
        blocks=(2, 2, 2),
        growths=(8, 16, 16),
        searched=(0, 2, 2),
        learned_groups=2,
        groups=2,
        condense_factor=2,
        classes=10,  # its masked weights are kept as well: here there are few
        image=ImageShape(3, 32, 32),
    ),
]


def numbers_that_autograd_keeps(network: Network, image: ImageShape) -> float:
    """Of one image, for the backward pass; the network's own tensors do not count."""
    own = {t.untyped_storage().data_ptr() for t in chain(network.parameters(), network.buffers())}
    kept: dict[int, Tensor] = {}

    def keep(tensor: Tensor) -> Tensor:
        if (place := tensor.untyped_storage().data_ptr()) not in own:
            kept[place] = tensor  # held, so that no other comes to the same place
        return tensor

    images = torch.randn(BATCH, image.channels, image.height, image.width)
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        F.cross_entropy(network(images), torch.zeros(BATCH, dtype=torch.long))
    return sum(tensor.untyped_storage().nbytes() for tensor in kept.values()) / 4 / BATCH


@pytest.mark.parametrize("skeleton", SKELETONS, ids=lambda skeleton: skeleton.family)
@pytest.mark.parametrize("grown", CELLS, ids=["start", "tree-cell-a", "mixed"])
def test_it_is_right_to_within_a_third(skeleton: SkeletonConfig, grown: Cell | None) -> None:
    cell = grown or skeleton.start_cell
    network = build_network(Architecture(skeleton, cell), seed=0)
    found = numbers_that_autograd_keeps(network, skeleton.image)
    assert 0.67 * found < kept_numbers(skeleton, cell) < 1.33 * found


def test_weights_count_three_times_and_maps_once_an_image() -> None:
    skeleton = SKELETONS[0]
    one, two = (training_memory(skeleton, skeleton.start_cell, count) for count in (1, 2))
    maps = 4 * kept_numbers(skeleton, skeleton.start_cell)
    parameters = skeleton.cost(skeleton.start_cell).parameters
    assert (one, two) == (12 * parameters + maps, 12 * parameters + 2 * maps)


def test_of_an_adopted_network_nothing_is_guessed() -> None:
    skeleton = small_outline("resnet18").config()
    assert training_memory(skeleton, skeleton.start_cell, 1) is None
