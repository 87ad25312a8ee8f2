"""Changes that suit photographs: drawn by seeds alone, and labels that are mixed as images are."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from search_engine.data import Batches, DeviceImages, Statistics
from search_engine.data.photo_augmentation import PhotoChanges
from search_engine.spec.errors import InvalidConfig
from search_engine.spec.photo_augmentation import PhotoAugmentation
from tests.search_engine.data.conftest import MakeDataset

SIZE = (16, 16)
EVERY = PhotoAugmentation(
    crop_area=0.3, flip=True, colour=0.4, rand_augment=2, mixup=0.4, cutmix=0.4
)


def changes(settings: PhotoAugmentation, channels: int = 3) -> PhotoChanges:
    return PhotoChanges(settings, SIZE, channels, classes=4)


def pictures(count: int = 8, channels: int = 3) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randint(0, 256, (count, channels, *SIZE), generator=generator).to(torch.uint8)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    "settings",
    [
        PhotoAugmentation(crop_area=0.3),
        PhotoAugmentation(colour=0.4),
        PhotoAugmentation(rand_augment=3, rand_magnitude=15),
    ],
)
def test_an_images_change_is_its_seeds_alone(settings: PhotoAugmentation, channels: int) -> None:
    images, seeds = pictures(channels=channels), torch.arange(8)
    before = torch.get_rng_state()
    changed = changes(settings, channels).vary(images, seeds)
    assert torch.equal(torch.get_rng_state(), before)
    assert changed.shape == images.shape and changed.dtype == torch.uint8
    assert not torch.equal(changed, images)
    backwards = changes(settings, channels).vary(images.flip(0), seeds.flip(0))
    assert torch.equal(backwards.flip(0), changed)


def test_a_mirror_image_is_one() -> None:
    images = pictures()
    changed = changes(PhotoAugmentation(flip=True)).vary(images, torch.arange(8))
    same = [torch.equal(one, other) for one, other in zip(images, changed, strict=True)]
    mirrored = [torch.equal(one.flip(2), other) for one, other in zip(images, changed, strict=True)]
    assert any(same) and any(mirrored)
    assert all(a or b for a, b in zip(same, mirrored, strict=True))


@pytest.mark.parametrize("settings", [PhotoAugmentation(mixup=1.0), PhotoAugmentation(cutmix=1.0)])
def test_labels_are_mixed_as_the_images_are(settings: PhotoAugmentation) -> None:
    labels = torch.tensor([0, 1, 2, 3])
    # An image of class k has the value k everywhere.
    images = labels.float().view(4, 1, 1, 1).expand(4, 3, *SIZE)
    mixed, shares = changes(settings).mix(images, labels, seed=3)
    torch.testing.assert_close(shares.sum(1), torch.ones(4))
    expected = shares @ torch.arange(4.0)
    torch.testing.assert_close(mixed.mean((1, 2, 3)), expected, rtol=0, atol=1e-5)
    assert not torch.equal(shares, torch.eye(4))
    again, _ = changes(settings).mix(images, labels, seed=3)
    assert torch.equal(again, mixed)


def test_a_share_without_images_has_labels_of_the_same_kind() -> None:
    images, labels = torch.zeros(0, 3, *SIZE), torch.zeros(0, dtype=torch.int64)
    _, shares = changes(PhotoAugmentation(mixup=1.0)).mix(images, labels, seed=0)
    assert shares.shape == (0, 4) and shares.is_floating_point()


def test_images_with_more_channels_than_colours_are_refused() -> None:
    with pytest.raises(InvalidConfig, match="grey or coloured"):
        changes(PhotoAugmentation(flip=True), channels=4)


Make = Callable[..., Batches]


@pytest.fixture
def batches(make_dataset: MakeDataset) -> Make:
    images = DeviceImages(make_dataset((6, 6), (3, *SIZE)))

    def make(settings: PhotoAugmentation, share: tuple[int, int] = (0, 1)) -> Batches:
        return Batches(
            images,
            torch.arange(12),
            4,
            statistics=Statistics((0.5,) * 3, (0.25,) * 3),
            photo=changes(settings),
            seed=5,
            share=share,
        )

    return make


def test_an_epoch_is_the_same_each_time_and_another_differs(batches: Make) -> None:
    first, again, other = (
        torch.cat([images for images, _ in batches(EVERY).epoch(number)]) for number in (0, 0, 1)
    )
    assert torch.equal(first, again) and not torch.equal(first, other)


def test_processes_that_share_a_batch_change_its_images_alike(batches: Make) -> None:
    apart = replace(EVERY, mixup=0.0, cutmix=0.0)
    whole = [images for images, _ in batches(apart).epoch(0)]
    for place in (0, 1):
        parts = [images for images, _ in batches(apart, (place, 2)).epoch(0)]
        for batch, part in zip(whole, parts, strict=True):
            torch.testing.assert_close(part, batch[place::2])


def test_what_is_only_looked_at_is_not_changed(batches: Make) -> None:
    shown = [images for images, _ in batches(EVERY).in_order()]
    plain = [images for images, _ in batches(PhotoAugmentation()).in_order()]
    assert all(torch.equal(a, b) for a, b in zip(shown, plain, strict=True))
