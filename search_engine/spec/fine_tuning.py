"""Training a network that others have trained: a small rate for what it knows, its head first.

References: Howard and Ruder 2018 (arXiv:1801.06146), for rates that differ between layers and for
training the last layer first; the scale of crops is between torchvision's for training from
scratch (0.08) and none.
"""

from dataclasses import replace

from search_engine.spec.photo_augmentation import PhotoAugmentation
from search_engine.spec.recipe import Recipe
from search_engine.spec.search_config import SearchConfig
from search_engine.spec.start_training import ONE_ROUND

PHOTOGRAPHS = PhotoAugmentation(crop_area=0.35, flip=True, colour=0.2)
"""Changes after which a photograph shows what it showed."""

FINE_TUNING = Recipe(
    epochs=8,
    batch_size=32,
    learning_rate=0.02,
    old_rate=0.1,
    head_epochs=1,
    label_smoothing=0.1,
    norm_batches=0,
    augmentation=PHOTOGRAPHS,
)
"""Of the start network. Few batches of changed images would measure its batch norms worse than
their moving averages do, which begin with those of many more images."""

CHILDREN = replace(FINE_TUNING, epochs=4, learning_rate=0.01, head_epochs=0)
"""The recipe of children, whose last layer has learned already."""


def fine_tuned(config: SearchConfig) -> SearchConfig:
    """A search that trains its start network, and its children, as pretrained ones.

    How long they are trained, and what their classes weigh, stays.
    """
    start, children = config.start_recipe, config.recipe
    return replace(
        config,
        start_recipe=replace(
            FINE_TUNING, epochs=max(2, start.epochs), class_weights=start.class_weights
        ),
        start_rounds=ONE_ROUND,
        recipe=replace(CHILDREN, epochs=children.epochs, class_weights=children.class_weights),
    )
