"""Small spaces and controllers, and every cell of a space with the choices that grow it."""

from collections.abc import Iterator

import torch

from search_engine.controller import Controller
from search_engine.spec import Operation, SearchSpace, grow

TINY = SearchSpace(
    max_depth=2,
    min_height=2,
    add_branches=(2,),
    concat_branches=(),
    operations=(Operation.CONV_1X1, Operation.MAX_POOL_3X3),
)
"""A leaf below the root stays one, or gets one of 2 + 2 x 2 nodes: 7 forms. So 7 + 7 x 7 cells,
without the two that stay a motif high: 54."""

MIXED = SearchSpace(
    max_depth=2,
    min_height=1,
    add_branches=(2, 3),
    concat_branches=(2,),
    operations=(Operation.SEP_CONV_3X3,),
)
"""Every motif. A leaf below the root has 1 + 4 forms, the root 5 + 25 + 125 + 25: 180 cells."""

PAPER = SearchSpace()


def generator(seed: int = 0) -> torch.Generator:
    """A generator of a test."""
    return torch.Generator().manual_seed(seed)


def small_controller(space: SearchSpace, seed: int = 0, hidden: int = 6) -> Controller:
    """A controller in float64, with biases and logits away from their plain start."""
    controller = Controller(space, hidden=hidden, embedding=4, generator=generator(seed)).double()
    with torch.no_grad():
        for parameter in controller.parameters():
            noise = torch.randn(parameter.shape, generator=generator(seed + 1)).double()
            parameter.add_(noise, alpha=0.3)
    return controller


def every_growth(space: SearchSpace) -> Iterator[tuple[int, ...]]:
    """Every sequence of choices that leads to a complete cell."""
    stack: list[tuple[int, ...]] = [()]
    while stack:
        choices = stack.pop()
        growing = grow(space)
        try:
            decision = next(growing)
            for choice in choices:
                decision = growing.send(choice)
        except StopIteration:
            yield choices
            continue
        stack.extend((*choices, choice) for choice in range(len(decision.options)))
