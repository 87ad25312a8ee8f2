"""On which images an export is compared with its checkpoint. Worker side."""

import torch
from torch import Tensor

from search_engine.architecture import ImageShape
from search_engine.config import SearchConfig
from search_engine.data import Dataset as Images
from search_engine.errors import SearchEngineError
from search_engine.loading import pixels_of
from webapp.checkpoints.models import Checkpoint
from webapp.datasets.loading import load_images
from webapp.datasets.models import Dataset
from webapp.searches.models import Search

MAX_IMAGES = 256


def real_images(checkpoint: Checkpoint, dataset: Dataset | None = None) -> Tensor | None:
    """Test images of its data set, which it has not learned from; or of the one that was chosen.

    Args:
        checkpoint: of a search, or brought in.
        dataset: where it was brought in; its images have the network's channels.

    Returns:
        uint8, `(N, C, H, W)`, spread over all of them, of the size that the network takes; None
        where there are none, or they are no longer here.
    """
    try:
        if checkpoint.search is not None:
            return _of_search(checkpoint.search)
        return None if dataset is None else _resized(_of(dataset), shape_of(checkpoint))
    except SearchEngineError:
        return None


def shape_of(checkpoint: Checkpoint) -> ImageShape:
    """What the network takes."""
    return ImageShape(*checkpoint.description["architecture"]["skeleton"]["image"])


def _of_search(search: Search) -> Tensor:
    config = SearchConfig.from_json(search.config)
    images = load_images(search.dataset)
    splits = images.split(
        validation=config.data.validation,
        calibration=config.data.calibration,
        seed=config.seed,
        train_limit=config.data.train_limit,
    )
    return _some(images, splits.test)


def _of(dataset: Dataset) -> Tensor:
    images = load_images(dataset)
    return _some(images, images.split(validation=0, calibration=0, seed=0).test)


def _some(images: Images, test: Tensor) -> Tensor:
    count = min(MAX_IMAGES, len(test))
    places = torch.linspace(0, len(test) - 1, count).round().long()
    return images.images[test[places]].contiguous()


def _resized(images: Tensor, shape: ImageShape) -> Tensor:
    """As whoever uses the network does it, where the size is another."""
    if images.shape[2:] == (shape.height, shape.width):
        return images
    pictures = images.permute(0, 2, 3, 1).numpy()
    return torch.stack([pixels_of(picture, shape) for picture in pictures]).contiguous()
