import json

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from search_engine.data import Augmentation, apply_changes, augment, draw_changes
from search_engine.spec.errors import InvalidConfig

AUGMENTATIONS = st.builds(
    Augmentation, padding=st.integers(0, 4), flip=st.booleans(), cutout=st.integers(0, 7)
)
ALL = Augmentation(padding=2, flip=True, cutout=3)


def one_by_one(images: Tensor, augmentation: Augmentation, changes: Tensor) -> Tensor:
    """The slow reference: each image by itself, pixel by pixel where it is cut out."""
    changed = torch.zeros_like(images)
    _, channels, height, width = images.shape
    pad, side = augmentation.padding, augmentation.cutout
    for image, result, (top, left, mirrored, row, column) in zip(
        images, changed, changes.tolist(), strict=True
    ):
        padded = images.new_zeros(channels, height + 2 * pad, width + 2 * pad)
        padded[:, pad : pad + height, pad : pad + width] = image.flip(2) if mirrored else image
        result[:] = padded[:, top : top + height, left : left + width]
        first_row, first_column = row - side // 2, column - side // 2
        for y in range(max(first_row, 0), min(first_row + side, height)):
            for x in range(max(first_column, 0), min(first_column + side, width)):
                result[:, y, x] = 0
    return changed


@given(
    AUGMENTATIONS,
    st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(1, 6), st.integers(1, 6)),
    st.sampled_from([torch.uint8, torch.float32]),
    st.integers(0, 2**32 - 1),
)
def test_batch_equals_its_images_changed_one_by_one(
    augmentation: Augmentation, shape: tuple[int, ...], dtype: torch.dtype, seed: int
) -> None:
    generator = torch.Generator().manual_seed(seed)
    images = torch.randint(1, 256, shape, generator=generator).to(dtype)
    changes = draw_changes(augmentation, shape[0], (shape[2], shape[3]), generator)
    changed = apply_changes(images, augmentation, changes)
    assert changed.dtype == dtype
    assert torch.equal(changed, one_by_one(images, augmentation, changes))


def test_channels_last_images_change_like_others() -> None:
    images = torch.rand(8, 3, 6, 5)
    last = images.contiguous(memory_format=torch.channels_last)
    one, two = (augment(each, ALL, torch.Generator().manual_seed(0)) for each in (images, last))
    assert torch.equal(one, two)


def test_nothing_to_change_changes_nothing() -> None:
    images = torch.rand(8, 3, 6, 5)
    assert torch.equal(augment(images, Augmentation(), torch.Generator()), images)


def test_cutout_has_the_area_of_its_square_where_it_is_not_clipped() -> None:
    changes = torch.tensor([[0, 0, 0, 4, 4], [0, 0, 0, 0, 0]])
    changed = apply_changes(torch.ones(2, 1, 9, 9), Augmentation(cutout=4), changes)
    # Rows and columns 2 to 5 are emptied; about the corner, only rows and columns 0 and 1.
    assert (changed == 0).sum((1, 2, 3)).tolist() == [16, 4]


def test_about_half_of_the_images_are_mirrored() -> None:
    images = torch.tensor([1.0, 2.0]).expand(1000, 1, 1, 2)
    changed = augment(images, Augmentation(flip=True), torch.Generator().manual_seed(0))
    assert 430 < int((changed[:, 0, 0, 0] == 2).sum()) < 570


def test_every_offset_and_centre_is_drawn() -> None:
    changes = draw_changes(ALL, 2000, (6, 5), torch.Generator().manual_seed(0))
    drawn = [sorted(set(column.tolist())) for column in changes.unbind(1)]
    assert drawn == [list(range(end)) for end in (5, 5, 2, 6, 5)]


def test_same_generator_gives_the_same_images() -> None:
    images = torch.rand(8, 3, 6, 5)
    one, two, other = (
        augment(images, ALL, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)
    )
    assert torch.equal(one, two)
    assert not torch.equal(one, other)


@given(AUGMENTATIONS)
def test_augmentation_survives_json(augmentation: Augmentation) -> None:
    assert Augmentation.from_json(json.loads(json.dumps(augmentation.to_json()))) == augmentation


@pytest.mark.parametrize(
    "data", [{"padding": -1}, {"padding": True}, {"cutout": 1.5}, {"flip": 1}, {"rotate": 5}]
)
def test_unknown_or_wrong_field_is_refused_by_name(data: dict[str, int]) -> None:
    with pytest.raises(InvalidConfig, match=f"augmentation.*{next(iter(data))}"):
        Augmentation.from_json(data)
