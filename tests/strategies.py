"""Hypothesis strategies: random cells, random JSON."""

import random

from hypothesis import strategies as st

from search_engine.spec import (
    LEAF,
    Allocation,
    Branch,
    Cell,
    Growth,
    Merge,
    Node,
    Operation,
    SearchSpace,
    sample,
)

SPACES = (
    SearchSpace(),
    SearchSpace(max_depth=2, start_edge=Operation.CONV_3X3, groups=1, concat_branches=(2, 3)),
    SearchSpace(max_depth=4, add_branches=(2,), concat_branches=(), min_height=1),
    SearchSpace(add_branches=(4,), operations=(Operation.CONV_1X1, Operation.MAX_POOL_3X3)),
)
MOTIFS = (
    (Merge.ADD, Allocation.REPLICATE),
    (Merge.CONCAT, Allocation.REPLICATE),
    (Merge.CONCAT, Allocation.SPLIT),
)
OPERATIONS = st.sampled_from(list(Operation))


@st.composite
def growths(draw: st.DrawFn) -> Growth:
    """A random growth in one of a few spaces."""
    return sample(draw(st.sampled_from(SPACES)), random.Random(draw(st.integers(0, 2**32))))


@st.composite
def nodes(draw: st.DrawFn, depth: int) -> Node:
    """A node with one to three branches, and at most `depth` edges below it."""
    count = draw(st.integers(1, 3))
    below = st.just(LEAF) if depth == 1 else st.one_of(st.just(LEAF), nodes(depth - 1))
    branches = tuple(Branch(draw(OPERATIONS), draw(below)) for _ in range(count))
    return Node(branches) if count == 1 else Node(branches, *draw(st.sampled_from(MOTIFS)))


def cells() -> st.SearchStrategy[Cell]:
    """Cells of a search space, and any other valid trees."""
    built = nodes(depth=4).map(Cell)
    return st.one_of(growths().map(lambda growth: growth.cell), built)


def json_values() -> st.SearchStrategy[object]:
    """Anything that JSON can say, often with the words of a cell."""
    words = ("version", "root", "merge", "allocation", "branches", "operation", "node", "add")
    texts = st.one_of(st.text(max_size=8), st.sampled_from(words))
    scalars = st.one_of(
        st.none(), st.booleans(), st.integers(), st.just(10**400), st.floats(), texts
    )
    return st.recursive(
        scalars,
        lambda inner: st.one_of(
            st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=4)
        ),
        max_leaves=12,
    )
