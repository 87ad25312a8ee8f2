"""Transformations keep the function of adopted networks: every classifier of torchvision's, every
operation. One of each family is tested every time, all with `make slow`; `benchmarks.adopted`
writes docs/adopted.md."""

import random

import pytest
import torch
from torch.nn import functional as F

from search_engine.spec import (
    TORCHVISION_MODELS,
    AdoptedConfig,
    InsertNode,
    Lineage,
    Merge,
    Morph,
    MorphKind,
    Operation,
    Order,
    ReplaceIdentity,
    SetMerge,
)
from search_engine.transforms import inherit, remove_gates
from tests.adopting import (
    QUIET,
    change_of,
    every_operation,
    images_of,
    several,
    site_groups,
    small_outline,
    trained_adopted,
)
from tests.growing import random_transformations, relative_change

pytestmark = pytest.mark.thorough

BOUND = 1e-9
PLAIN, GROUPED, BOTH = ("plain",), ("grouped",), ("plain", "grouped")
SMALLEST = {
    "alexnet": PLAIN,
    "densenet121": PLAIN,
    "efficientnet_b0": BOTH,
    "googlenet": PLAIN,
    "inception_v3": PLAIN,
    "mnasnet0_5": BOTH,
    "mobilenet_v2": BOTH,
    "mobilenet_v3_small": BOTH,
    "regnet_y_400mf": BOTH,
    "resnet18": PLAIN,
    "resnext50_32x4d": GROUPED,
    "shufflenet_v2_x0_5": BOTH,
    "squeezenet1_1": PLAIN,
    "vgg11": PLAIN,
}
"""One of each family, the smallest, with the kinds of its sites. MaxVit takes large images only and
is among the slow ones."""

CASES = [(model, kind) for model, kinds in SMALLEST.items() for kind in kinds]
OTHERS = [model for model in TORCHVISION_MODELS if model not in SMALLEST]


def test_the_models_are_one_of_each_family() -> None:
    def family(model: str) -> str:
        return model.rstrip("0123456789").split("_")[0].rstrip("0123456789")

    assert {family(m) for m in TORCHVISION_MODELS} - {family(m) for m in SMALLEST} <= {
        "wide",
        "maxvit",
    }


@pytest.mark.parametrize(("model", "kind"), CASES)
def test_children_compute_what_the_network_did(model: str, kind: str) -> None:
    outline, rng = small_outline(model), random.Random(f"{model}/{kind}")
    groups = site_groups(outline)
    assert set(groups) == set(SMALLEST[model])
    check_children(outline.config(several(groups[kind], rng)), rng)


@pytest.mark.slow
@pytest.mark.parametrize("model", OTHERS)
def test_so_do_those_of_every_other_classifier(model: str) -> None:
    outline, rng = small_outline(model), random.Random(model)
    for names in site_groups(outline).values():
        check_children(outline.config(several(names, rng)), rng)


def check_children(config: AdoptedConfig, rng: random.Random) -> None:
    """One child has every operation, one is of random legal transformations; both are exact."""
    parent, images = trained_adopted(config, seed=0), images_of(config, seed=0)
    every = Lineage(every_operation(), 0, QUIET)
    assert change_of(parent, every, images) <= BOUND
    drawn = random_transformations(parent.architecture, rng, steps=12)
    assert change_of(parent, Lineage(drawn, 0, QUIET), images) <= BOUND


@pytest.mark.parametrize("order", list(Order))
@pytest.mark.parametrize("model", ["shufflenet_v2_x0_5", "squeezenet1_1"])
def test_so_do_they_in_every_order_and_in_training(model: str, order: Order) -> None:
    config = small_outline(model).config(order=order)
    parent, images = trained_adopted(config, seed=1), images_of(config, seed=1, count=4)
    child = inherit(parent, Lineage(every_operation(), 1, QUIET), [images]).train()
    with torch.no_grad():
        torch.manual_seed(0)  # SqueezeNet's dropout
        expected = parent.train()(images)
        torch.manual_seed(0)
        assert relative_change(expected, child(images)) <= BOUND


@pytest.mark.parametrize(
    ("model", "merge", "count"),
    [
        ("resnet18", Merge.ADD, 3),
        ("resnet18", Merge.CONCAT, 3),
        ("squeezenet1_1", Merge.CONCAT, 2),  # with biases
        ("resnext50_32x4d", Merge.CONCAT, 4),  # 32 groups: 8 for each branch
        ("mobilenet_v2", Merge.CONCAT, 2),  # depthwise, some with stride 2
    ],
)
def test_copies_and_parts_of_the_own_convolution_leave_no_gate(
    model: str, merge: Merge, count: int
) -> None:
    config = small_outline(model).config()
    parent, images = trained_adopted(config, seed=0), images_of(config, seed=0)
    exact = Morph(MorphKind.EXACT, noise=0.0)
    lineage = Lineage((SetMerge((), merge, count), InsertNode((0,))), 0, exact)
    assert not inherit(parent, lineage).gates()
    assert change_of(parent, lineage, images) <= BOUND


def test_a_distilled_child_ends_nearer_than_it_was_born() -> None:
    config = small_outline("shufflenet_v2_x0_5").config()
    parent = trained_adopted(config, seed=0).float()
    images = images_of(config, seed=0, count=16).float()
    growth = (InsertNode((0,)), ReplaceIdentity((0, 0), Operation.MAX_POOL_3X3))
    born = inherit(parent, Lineage(growth, 0, QUIET), [images])
    remove_gates(born)
    taught = inherit(parent, Lineage(growth, 0, Morph(MorphKind.DISTILLED, noise=0.0)), [images])
    with torch.no_grad():
        expected = parent(images)
        far, near = (F.mse_loss(child.train()(images), expected) for child in (born, taught))
    assert near < far
