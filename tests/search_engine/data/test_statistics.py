from collections.abc import Callable

import pytest
import torch

import search_engine.data.dataset
from search_engine.data import Dataset
from search_engine.spec.errors import DatasetError

MakeDataset = Callable[..., Dataset]


def test_statistics_equal_those_of_a_float_copy(
    make_dataset: MakeDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_engine.data.dataset, "_CHUNK_BYTES", 1000)
    dataset = make_dataset((300, 300), (3, 2, 2))  # in chunks of 83 images
    indexes = torch.arange(0, 600, 1)
    expected = dataset.images[indexes].double() / 255
    statistics = dataset.statistics(indexes)
    assert statistics.mean == pytest.approx(expected.mean((0, 2, 3)).tolist(), rel=1e-12)
    std = expected.std((0, 2, 3), correction=0)
    assert statistics.std == pytest.approx(std.tolist(), rel=1e-12)


def test_images_outside_the_indexes_do_not_count(make_dataset: MakeDataset) -> None:
    dataset = make_dataset()
    before = dataset.statistics(torch.arange(10))
    dataset.images[10:] = 0
    assert dataset.statistics(torch.arange(10)) == before


def test_constant_channel_has_the_std_of_one_grey_level(make_dataset: MakeDataset) -> None:
    dataset = make_dataset()
    dataset.images[:, 1] = 51
    statistics = dataset.statistics(torch.arange(60))
    assert statistics.mean[1] == pytest.approx(0.2)
    assert statistics.std[1] == pytest.approx(1 / 255)


def test_no_images_have_no_statistics(make_dataset: MakeDataset) -> None:
    with pytest.raises(DatasetError, match="at least one image"):
        make_dataset().statistics(torch.tensor([], dtype=torch.int64))
