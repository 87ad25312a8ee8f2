"""Transformations keep the function: random legal sequences on all networks, orders and groups."""

import random

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from search_engine.networks import build_empty, count_parameters
from search_engine.spec import Lineage, Morph, MorphKind, Order, Widening
from search_engine.transforms import inherit, remove_gates, set_opening
from tests.growing import (
    FAMILIES,
    random_images,
    random_transformations,
    relative_change,
    small_skeleton,
    trained_network,
)

pytestmark = pytest.mark.thorough

EXACT = 1e-10
SINGLE = 1e-4
QUIET = {widening: Morph(noise=0.0, widening=widening) for widening in Widening}

on_every_network = pytest.mark.parametrize(
    ("family", "order", "groups"),
    [(family, order, groups) for family in FAMILIES for order in Order for groups in (1, 2, 4)],
)
seeds = st.integers(0, 2**32)
steps = st.integers(1, 30)
quiet = st.sampled_from([*QUIET.values()])


@on_every_network
@settings(max_examples=4)
@given(seed=seeds, steps=steps, wide=st.integers(0, 3), morph=quiet)
def test_annealed_children_compute_what_their_parents_did(
    family: str, order: Order, groups: int, seed: int, steps: int, wide: int, morph: Morph
) -> None:
    parent = trained_network(small_skeleton(family, order, groups, wide), seed)
    images = random_images(seed)
    lineage = Lineage(
        random_transformations(parent.architecture, random.Random(seed), steps), seed, morph
    )
    child = inherit(parent, lineage, [images])
    assert child.architecture == lineage.architecture(parent.architecture)
    with torch.no_grad():
        assert relative_change(parent(images), child(images)) <= EXACT
        assert relative_change(parent.train()(images), child.train()(images)) <= EXACT


@on_every_network
@settings(max_examples=3)
@given(seed=seeds, steps=steps, morph=quiet)
def test_copies_parts_and_wider_layers_are_plain_and_keep_the_function(
    family: str, order: Order, groups: int, seed: int, steps: int, morph: Morph
) -> None:
    parent = trained_network(small_skeleton(family, order, groups), seed)
    images = random_images(seed)
    transformations = random_transformations(
        parent.architecture, random.Random(seed), steps, morphs=False
    )
    child = inherit(parent, Lineage(transformations, seed, morph), [images])
    remove_gates(child)  # of the batch norms before add, which only CondenseNet has
    with torch.no_grad():
        assert relative_change(parent(images), child(images)) <= EXACT
        if not parent.architecture.skeleton.norm_before_add:
            assert relative_change(parent.train()(images), child.train()(images)) <= EXACT


@pytest.mark.parametrize("family", FAMILIES)
@settings(max_examples=8)
@given(seed=seeds, steps=steps, groups=st.sampled_from([1, 2, 4]))
def test_exact_morphs_leave_no_gate_and_keep_the_function(
    family: str, groups: int, seed: int, steps: int
) -> None:
    parent = trained_network(small_skeleton(family, Order.WEIGHT_BN_ACT, groups), seed)
    images = random_images(seed)
    drawn = random_transformations(parent.architecture, random.Random(seed), steps)
    lineage = Lineage((), seed, Morph(MorphKind.EXACT, noise=0.0))
    for transformation in drawn:  # up to the first pool, which cannot be exact
        if "pool" in str(transformation):
            break
        lineage = lineage.then(transformation)
    child = inherit(parent, lineage, [images])
    assert not child.gates()
    with torch.no_grad():
        assert relative_change(parent(images), child(images)) <= EXACT


@pytest.mark.parametrize("family", FAMILIES)
@settings(max_examples=6)
@given(seed=seeds, steps=steps, order=st.sampled_from(list(Order)), morph=quiet)
def test_single_precision_keeps_the_function_to_a_ten_thousandth(
    family: str, order: Order, seed: int, steps: int, morph: Morph
) -> None:
    parent = trained_network(small_skeleton(family, order, 2), seed).float()
    images = random_images(seed).float()
    transformations = random_transformations(parent.architecture, random.Random(seed), steps)
    child = inherit(parent, Lineage(transformations, seed, morph), [images])
    with torch.no_grad():
        assert relative_change(parent(images), child(images)) <= SINGLE


@settings(max_examples=15)
@given(seed=seeds, steps=steps, family=st.sampled_from(FAMILIES))
def test_an_annealed_child_is_a_plain_network_in_the_end(
    seed: int, steps: int, family: str
) -> None:
    parent = trained_network(small_skeleton(family, groups=2), seed)
    images = random_images(seed)
    transformations = random_transformations(parent.architecture, random.Random(seed), steps)
    child = inherit(parent, Lineage(transformations, seed), [images])
    set_opening(child, 1.0)
    opened = child(images)
    remove_gates(child)
    plain = build_empty(child.architecture).double().eval()
    plain.load_state_dict(child.state_dict())
    assert torch.equal(plain(images), child(images))
    assert torch.equal(opened, child(images))
    assert count_parameters(plain) == count_parameters(child)


def test_an_open_gate_changes_the_function() -> None:
    parent = trained_network(small_skeleton("chainnet"), 0)
    images = random_images(0)
    transformations = random_transformations(parent.architecture, random.Random(0), 20)
    child = inherit(parent, Lineage(transformations, 0, Morph(noise=0.0)), [images])
    set_opening(child, 0.5)
    assert child.gates()
    with torch.no_grad():
        assert relative_change(parent(images), child(images)) > 0.01
