from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Tensor

from search_engine.data import (
    Augmentation,
    Batch,
    Batches,
    Dataset,
    DeviceImages,
    SplitDataset,
)
from search_engine.spec.errors import InvalidConfig
from search_engine.spec.search_config import DataConfig

MakeDataset = Callable[..., Dataset]
LAST_FIRST = torch.arange(59, 9, -1)
CHANGES = Augmentation(padding=1, flip=True, cutout=2)


def batches(images: DeviceImages, dataset: Dataset, **options: Any) -> Batches:
    """Batches of 8 of the last 50 of 60 images, the last image first."""
    statistics = dataset.statistics(LAST_FIRST)
    return Batches(images, LAST_FIRST, 8, statistics=statistics, **options)


def all_of(parts: Iterator[Batch]) -> tuple[Tensor, Tensor]:
    images, labels = zip(*parts, strict=True)
    return torch.cat(images), torch.cat(labels)


def test_images_in_order_are_normalised(make_dataset: MakeDataset) -> None:
    dataset = make_dataset()
    images, labels = all_of(batches(DeviceImages(dataset), dataset).in_order())
    statistics = dataset.statistics(LAST_FIRST)
    mean, std = (torch.tensor(each).view(3, 1, 1) for each in (statistics.mean, statistics.std))
    torch.testing.assert_close(images, (dataset.images[LAST_FIRST] / 255 - mean) / std)
    assert torch.equal(labels, dataset.labels[LAST_FIRST])


def test_epoch_holds_each_image_once_with_its_label(make_dataset: MakeDataset) -> None:
    dataset = make_dataset()
    of = batches(DeviceImages(dataset), dataset)
    shuffled, ordered = all_of(of.epoch(0)), all_of(of.in_order())
    one, two = (
        sorted(zip(images.flatten(1).tolist(), labels.tolist(), strict=True))
        for images, labels in (shuffled, ordered)
    )
    assert one == two
    assert not torch.equal(shuffled[0], ordered[0])


def test_epoch_depends_on_seed_and_number_only(make_dataset: MakeDataset) -> None:
    dataset = make_dataset()
    images = DeviceImages(dataset)
    first = batches(images, dataset, augmentation=CHANGES, seed=5)
    expected = [all_of(first.epoch(epoch))[0] for epoch in range(3)]
    resumed = batches(images, dataset, augmentation=CHANGES, seed=5)
    assert torch.equal(all_of(resumed.epoch(2))[0], expected[2])
    assert not any(torch.equal(one, two) for one, two in pairwise(expected))


def test_augmentation_changes_the_same_shuffled_images(make_dataset: MakeDataset) -> None:
    dataset = make_dataset()
    images = DeviceImages(dataset)
    plain, plain_labels = all_of(batches(images, dataset).epoch(1))
    same, labels = all_of(batches(images, dataset, augmentation=Augmentation()).epoch(1))
    changed, _ = all_of(batches(images, dataset, augmentation=CHANGES).epoch(1))
    assert torch.equal(plain, same)
    assert torch.equal(plain_labels, labels)
    assert not torch.equal(plain, changed)


@pytest.mark.parametrize("augmentation", [None, CHANGES])
def test_streamed_batches_equal_resident_ones(
    make_dataset: MakeDataset, augmentation: Augmentation | None
) -> None:
    dataset = make_dataset()
    resident = DeviceImages(dataset, memory_limit_bytes=dataset.images.nbytes)
    streamed = DeviceImages(dataset, memory_limit_bytes=dataset.images.nbytes - 1)
    assert (resident.resident, resident.resident_bytes) == (True, dataset.images.nbytes)
    assert (streamed.resident, streamed.resident_bytes) == (False, 0)
    one, two = (
        all_of(batches(images, dataset, augmentation=augmentation).epoch(0))[0]
        for images in (resident, streamed)
    )
    assert torch.equal(one, two)


def test_channels_last_images_are_not_copied_on_the_cpu(make_dataset: MakeDataset) -> None:
    dataset = make_dataset()
    images = dataset.images.contiguous(memory_format=torch.channels_last)
    object.__setattr__(dataset, "images", images)
    held = DeviceImages(dataset)
    images.zero_()
    assert not held.gather(torch.arange(60))[0].any()


@pytest.mark.parametrize("drop_last", [True, False])
@pytest.mark.parametrize("augmentation", [None, CHANGES])
def test_last_small_batch_is_dropped_on_demand(
    make_dataset: MakeDataset, augmentation: Augmentation | None, drop_last: bool
) -> None:
    dataset = make_dataset()
    of = batches(DeviceImages(dataset), dataset, drop_last=drop_last, augmentation=augmentation)
    sizes = [len(labels) for _, labels in of.epoch(0)]
    assert sizes == [8] * 6 + [2] * (not drop_last)
    assert len(sizes) == len(of)
    assert len(list(of.in_order())) == 7


@pytest.mark.parametrize("augmentation", [None, CHANGES])
def test_the_shares_of_a_batch_make_up_the_batch(
    make_dataset: MakeDataset, augmentation: Augmentation | None
) -> None:
    dataset = make_dataset()
    images = DeviceImages(dataset)
    whole = list(batches(images, dataset, augmentation=augmentation).epoch(1))
    shares = [
        list(batches(images, dataset, augmentation=augmentation, share=(part, 3)).epoch(1))
        for part in range(3)
    ]
    # The last batch has two images, so that the third share of it is empty.
    assert [len(labels) for _, labels in shares[2]] == [2] * 6 + [0]
    for number, (batch, labels) in enumerate(whole):
        for part in range(3):
            assert torch.equal(shares[part][number][0], batch[part::3])
            assert torch.equal(shares[part][number][1], labels[part::3])


@pytest.mark.parametrize("channels_last", [True, False])
@pytest.mark.parametrize("augmentation", [None, CHANGES])
def test_images_come_in_the_wanted_type_and_memory_format(
    make_dataset: MakeDataset, augmentation: Augmentation | None, channels_last: bool
) -> None:
    dataset = make_dataset()
    options = {"dtype": torch.bfloat16, "channels_last": channels_last}
    of = batches(DeviceImages(dataset), dataset, augmentation=augmentation, **options)
    images, _ = next(of.epoch(0))
    assert images.dtype == torch.bfloat16
    assert images.is_contiguous(memory_format=torch.channels_last) == channels_last


def test_wrong_batch_size_or_statistics_are_refused(make_dataset: MakeDataset) -> None:
    dataset = make_dataset()
    images, indexes = DeviceImages(dataset), torch.arange(5)
    with pytest.raises(InvalidConfig, match="batch_size: expected at least 1, got 0"):
        Batches(images, indexes, 0, statistics=dataset.statistics(indexes))
    grey = make_dataset(shape=(1, 2, 2)).statistics(indexes)
    with pytest.raises(InvalidConfig, match="statistics: expected 3 channels, got 1"):
        Batches(images, indexes, 8, statistics=grey)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("limit", [None, 0])
def test_gpu_makes_the_same_batches_as_the_cpu(
    make_dataset: MakeDataset, limit: int | None
) -> None:
    dataset = make_dataset()
    on_gpu = DeviceImages(dataset, "cuda", memory_limit_bytes=limit)
    one, two = (
        all_of(batches(images, dataset, augmentation=CHANGES).epoch(0))[0].cpu()
        for images in (DeviceImages(dataset), on_gpu)
    )
    torch.testing.assert_close(one, two)


@pytest.mark.parametrize(("side", "expected"), [(6, 256), (96, 113), (224, 32)])
def test_few_large_images_are_evaluated_at_once(
    make_dataset: MakeDataset, side: int, expected: int
) -> None:
    dataset = make_dataset((40, 40), (1, side, side))
    config = DataConfig(validation=30, calibration=10)
    assert SplitDataset(dataset, config, seed=0).validation().batch_size == expected
