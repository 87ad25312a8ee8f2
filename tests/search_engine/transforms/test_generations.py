"""Generations, each grown from the one before: every birth keeps the function."""

import random

import pytest
import torch
from torch import Tensor

from search_engine.networks import Network, build_empty, count_parameters
from search_engine.spec import Deepen, Lineage, Morph, Order, Widen, Widening
from search_engine.transforms import inherit, remove_gates, set_opening
from tests.adopting import images_of, several, site_groups, small_outline, trained_adopted
from tests.growing import (
    FAMILIES,
    look_trained,
    random_images,
    random_transformations,
    relative_change,
    small_skeleton,
    trained_network,
)

pytestmark = pytest.mark.thorough

EXACT = 1e-10


def check_generations(
    network: Network, images: Tensor, rng: random.Random, generations: int
) -> int:
    """Path, widen and deepen moves mixed; a parent's gates are opened and gone, as by training.

    Returns:
        How many layers were made wider or deeper.
    """
    layers = 0
    for generation in range(generations):
        steps = random_transformations(network.architecture, rng, rng.randint(1, 4))
        morph = Morph(noise=0.0, widening=rng.choice([*Widening]))
        child = inherit(network, Lineage(steps, generation, morph), [images])
        for training in (False, True):
            before, after = (outputs(each.train(training), images) for each in (network, child))
            assert relative_change(before, after) <= EXACT, steps
        set_opening(child, 1.0)
        remove_gates(child)
        network = look_trained(child, generation).eval()
        layers += sum(isinstance(step, Widen | Deepen) for step in steps)
    plain = build_empty(network.architecture).double().eval()
    plain.load_state_dict(network.state_dict())
    assert torch.equal(outputs(plain, images), outputs(network, images))
    assert count_parameters(plain) == count_parameters(network)
    return layers


def outputs(network: Network, images: Tensor) -> Tensor:
    torch.manual_seed(0)  # dropout
    with torch.no_grad():
        logits: Tensor = network(images)
    return logits


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("family", FAMILIES)
def test_every_birth_in_our_families_keeps_the_function(family: str, order: Order) -> None:
    parent = trained_network(small_skeleton(family, order, groups=2), 1)
    assert check_generations(parent, random_images(1), random.Random(1), generations=10)


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        ("squeezenet1_1", "plain"),
        ("mobilenet_v3_small", "grouped"),
        *(
            pytest.param(model, kind, marks=pytest.mark.thorough)
            for model, kind in (
                ("densenet121", "plain"),
                ("efficientnet_b0", "grouped"),
                ("googlenet", "plain"),
                ("mnasnet0_5", "grouped"),
                ("mobilenet_v2", "grouped"),
                ("regnet_y_400mf", "grouped"),
                ("resnet18", "plain"),
                ("resnext50_32x4d", "grouped"),
                ("shufflenet_v2_x0_5", "grouped"),
            )
        ),
    ],
)
def test_so_does_every_birth_in_adopted_networks(model: str, kind: str) -> None:
    outline, rng = small_outline(model), random.Random(model)
    config = outline.config(several(site_groups(outline)[kind], rng))
    parent = trained_adopted(config, seed=0)
    assert check_generations(parent, images_of(config, seed=0, count=4), rng, generations=5)
