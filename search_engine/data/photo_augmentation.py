"""Changes that suit photographs, by torchvision: each image and each batch by a seed of its own.

torchvision draws from torch's own generator on the CPU. It is set for each image, and put back, so
an epoch's changes depend neither on the device nor on who shares its images.

References: Cubuk et al. 2019, RandAugment (arXiv:1909.13719); Zhang et al. 2017, mixup
(arXiv:1710.09412); Yun et al. 2019, CutMix (arXiv:1905.04899).
"""

from importlib import import_module
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from search_engine.spec.errors import InvalidConfig
from search_engine.spec.photo_augmentation import PhotoAugmentation

MAX_SEED = 2**31


class PhotoChanges:
    """Changes images of one size.

    Args:
        size: height and width in pixels.
        channels: grey or coloured.
        classes: of the labels.

    Raises:
        InvalidConfig: the images are neither grey nor coloured.
    """

    def __init__(
        self, settings: PhotoAugmentation, size: tuple[int, int], channels: int, classes: int
    ) -> None:
        if settings.varies and channels not in (1, 3):
            raise InvalidConfig(
                "recipe.augmentation", f"expected grey or coloured images, got {channels} channels"
            )
        # It takes as long to import as torch itself.
        transforms = import_module("torchvision.transforms.v2")
        steps: list[Any] = []
        if settings.crop_area < 1:
            scale = (settings.crop_area, 1.0)
            steps.append(transforms.RandomResizedCrop(size, scale, antialias=True))
        if settings.flip:
            steps.append(transforms.RandomHorizontalFlip())
        if settings.rand_augment:
            steps.append(transforms.RandAugment(settings.rand_augment, settings.rand_magnitude))
        if settings.colour:
            strength = settings.colour
            steps.append(transforms.ColorJitter(strength, strength, strength, strength / 4))
        self._vary = transforms.Compose(steps) if steps else None
        mixing = [
            kind(alpha=alpha, num_classes=classes)
            for kind, alpha in (
                (transforms.MixUp, settings.mixup),
                (transforms.CutMix, settings.cutmix),
            )
            if alpha
        ]
        self._mix = transforms.RandomChoice(mixing) if mixing else None
        self._classes = classes

    def vary(self, images: Tensor, seeds: Tensor) -> Tensor:
        """Change each image.

        Args:
            images: uint8, `(N, C, H, W)`, on any device.
            seeds: int64, `(N,)`, on the CPU.

        Returns:
            The new images: same shape and type.
        """
        if self._vary is None or not len(images):
            return images
        changed = []
        with torch.random.fork_rng(devices=[]):
            for image, seed in zip(images, seeds.tolist(), strict=True):
                torch.default_generator.manual_seed(seed)
                changed.append(self._vary(image))
        return torch.stack(changed)

    def mix(self, images: Tensor, labels: Tensor, seed: int) -> tuple[Tensor, Tensor]:
        """Mix each image of a batch with another of them, and their labels alike.

        Args:
            images: normalised, `(N, C, H, W)`.
            labels: int64, `(N,)`.

        Returns:
            The images; and labels as they were, or shares of the classes, float32, `(N, classes)`.
        """
        if self._mix is None:
            return images, labels
        if not len(images):
            return images, F.one_hot(labels, self._classes).float()
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed)
            mixed, shares = self._mix(images, labels)
        return mixed, shares
