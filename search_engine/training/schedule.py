"""The learning rate as a function of progress alone: resuming needs no memory of it."""

import math

from search_engine.training.recipe import Recipe


def learning_rate(recipe: Recipe, progress: float) -> float:
    """The learning rate of the next step: up in a straight line, then down along a cosine to 0.

    Args:
        recipe: its peak, and how long it rises.
        progress: share of the training that is done, 0 to 1.

    Reference: Loshchilov and Hutter 2017 (arXiv:1608.03983), without restarts.
    """
    warmup = recipe.warmup_epochs / recipe.epochs
    if progress < warmup:
        return recipe.learning_rate * progress / warmup
    fall = (progress - warmup) / (1 - warmup)
    return recipe.learning_rate * (1 + math.cos(math.pi * fall)) / 2
