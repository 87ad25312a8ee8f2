"""A checkpoint, ready to classify images.

loaded = search_engine.load("var/final")
probabilities = loaded.predict(Image.open("cat.jpg"))
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from search_engine.checkpoint import load_checkpoint, open_checkpoint, read_description
from search_engine.networks import Network
from search_engine.pictures.pixels import rendered
from search_engine.spec import ImageShape
from search_engine.spec.description import Description, TrainedOn
from search_engine.spec.errors import CheckpointError, DatasetError
from search_engine.spec.pictures import Rendering

Picture = Image.Image | NDArray[np.uint8]
"""A PIL image, or its pixels: uint8, (H, W) or (H, W, 3)."""

BATCH = 64
USUAL = Rendering()


@dataclass(frozen=True, slots=True, eq=False)
class Loaded:
    """A trained network with what is needed to use it.

    Args:
        network: in eval mode.
        trained_on: names of the classes, and what images are normalised with.
    """

    network: Network
    description: Description
    trained_on: TrainedOn

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the classes, in the order of the probabilities."""
        return self.trained_on.class_names

    def preprocess(self, image: Picture) -> Tensor:
        """An image as the network takes it.

        Args:
            image: of any kind and size; made pixels as the training images were.

        Returns:
            Normalised, float32, `(C, H, W)`, on the CPU.

        Raises:
            DatasetError: neither an image nor an array of uint8 with the shape of one.
        """
        return normalise(self._pixels(image)[None], self.trained_on)[0]

    def predict(self, images: Picture | Sequence[Picture] | Tensor) -> Tensor:
        """Probability of each class.

        Args:
            images: one image, several, or a tensor of uint8, `(N, C, H, W)`, of the network's size.

        Returns:
            float32, `(N, classes)`, on the CPU; each row adds up to 1.

        Raises:
            DatasetError: something is no image, or the tensor has another shape.
        """
        if isinstance(images, Tensor):
            pixels = self._checked(images)
        else:
            several = [images] if isinstance(images, Image.Image | np.ndarray) else images
            pixels = torch.stack([self._pixels(image) for image in several])
        device = next(self.network.parameters()).device
        with torch.inference_mode():
            shares = [
                self.network(normalise(part, self.trained_on).to(device)).softmax(dim=1).cpu()
                for part in pixels.split(BATCH)
            ]
        return torch.cat(shares)

    def _pixels(self, image: Picture) -> Tensor:
        shape = self.network.architecture.skeleton.image
        return pixels_of(image, shape, self.trained_on.rendering)

    def _checked(self, images: Tensor) -> Tensor:
        shape = self.network.architecture.skeleton.image
        expected = (shape.channels, shape.height, shape.width)
        if images.dtype != torch.uint8 or images.dim() != 4 or images.shape[1:] != expected:
            raise DatasetError(
                "images",
                f"expected uint8 of shape (N, {', '.join(map(str, expected))}),"
                f" got {images.dtype} of shape {tuple(images.shape)}",
            )
        return images


def pixels_of(image: Picture, shape: ImageShape, rendering: Rendering = USUAL) -> Tensor:
    """An image's pixels, in the size and with the channels that a network takes.

    Args:
        rendering: how training images were made of pictures.

    Returns:
        uint8, `(C, H, W)`.

    Raises:
        DatasetError: no image, or the network takes neither grey nor coloured images.
    """
    if shape.channels not in (1, 3):
        reason = f"the network takes {shape.channels} channels, not grey or coloured images"
        raise DatasetError("image", reason)
    size = (shape.channels, shape.height, shape.width)
    pixels = rendered(as_image(image), size, rendering)
    return torch.from_numpy(pixels.copy()).permute(2, 0, 1)


def as_image(image: Picture) -> Image.Image:
    """A PIL image of an array: grey, colour, or colour and opacity; a PIL image as it is.

    Raises:
        DatasetError: neither, or not uint8, or no shape of an image.
    """
    if isinstance(image, Image.Image):
        return image
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8:
        got = getattr(image, "dtype", type(image).__name__)
        raise DatasetError("image", f"expected a PIL image or an array of uint8, got {got}")
    if image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[2] not in (1, 3, 4)):
        reason = f"expected shape (H, W), (H, W, 3) or (H, W, 4), got {image.shape}"
        raise DatasetError("image", reason)
    return Image.fromarray(image[..., 0] if image.ndim == 3 and image.shape[2] == 1 else image)


def normalise(images: Tensor, trained_on: TrainedOn) -> Tensor:
    """Pixels as the network takes them.

    Args:
        images: uint8, `(N, C, H, W)`.
        trained_on: mean and standard deviation of each channel.

    Returns:
        float32, of the same shape.
    """
    mean, std = (
        torch.tensor(numbers, device=images.device).view(1, -1, 1, 1)
        for numbers in (trained_on.mean, trained_on.std)
    )
    return (images.float() / 255 - mean) / std


def load(path: str | os.PathLike[str], *, device: torch.device | str = "cpu") -> Loaded:
    """Load a checkpoint for use.

    Args:
        path: of its folder, or of a zip that the application gave.

    Raises:
        CheckpointError: no checkpoint, a damaged one, or one of a network that was never trained.
    """
    with open_checkpoint(Path(path)) as folder:
        description = read_description(folder)
        if description.trained_on is None:
            raise CheckpointError(str(path), "it does not say what the network was trained on")
        network = load_checkpoint(folder, device=device)
    return Loaded(network, description, description.trained_on)
