"""What comes out of pictures in folders and archives: pixels, labels, parts. What their reading
finds and asks: tests/search_engine/pictures.
"""

import gzip
import io
import lzma
import shutil
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import zstandard
from PIL import Image

from search_engine.data import DeviceImages, Limits, load_dataset, read_folder
from search_engine.spec.errors import DatasetError
from search_engine.spec.pictures import Answers, BrokenFiles, ClassFrom

ImageBytes = Callable[..., bytes]


def zipped(folder: Path) -> Path:
    return Path(shutil.make_archive(str(folder), "zip", folder))


def packed(folder: Path, kind: str) -> Path:
    """The folder itself, or an archive of it whose name says nothing."""
    if kind == "folder":
        return folder
    if kind == "zip":
        return zipped(folder)
    with tarfile.open(folder.with_suffix(".tar"), "w") as tar:
        tar.add(folder, arcname=".")
    content, target = folder.with_suffix(".tar").read_bytes(), folder.with_suffix(".upload")
    target.write_bytes(COMPRESS[kind](content))
    return target


COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "tar": bytes,
    "tar.gz": gzip.compress,
    "tar.xz": lzma.compress,
    "tar.zst": zstandard.ZstdCompressor().compress,
}


@pytest.mark.parametrize("kind", ["folder", "zip", "tar", "tar.gz", "tar.xz", "tar.zst"])
def test_class_folders_become_classes(image_folder: Path, kind: str) -> None:
    dataset = read_folder(packed(image_folder, kind), name="pets")
    assert dataset.name == "pets"
    assert dataset.class_names == ("cat", "dog")
    assert dataset.image_shape == (1, 12, 9)
    assert dataset.images[:, 0, 0, 0].tolist() == [10, 11, 12, 20, 21, 22]
    assert dataset.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert dataset.test.tolist() == dataset.validation.tolist() == []


@pytest.mark.parametrize("size", [None, (12, 18)])
def test_rows_stay_rows(image_folder: Path, size: tuple[int, int] | None) -> None:
    levels = list(range(0, 240, 20))
    rows = np.array([[level] * 9 for level in levels], dtype=np.uint8)
    Image.fromarray(rows).save(image_folder / "cat" / "0.png")
    first = read_folder(image_folder, size=size).images[0, 0]
    assert first.amin(1).tolist() == first.amax(1).tolist() == levels


def test_one_colour_image_makes_all_colour(image_folder: Path, image_bytes: ImageBytes) -> None:
    (image_folder / "dog" / "3.jpg").write_bytes(image_bytes((1, 2, 3), (12, 9), "BMP"))
    dataset = read_folder(image_folder)
    assert dataset.images[2:, :, 0, 0].tolist() == [
        [12] * 3,
        [20] * 3,
        [21] * 3,
        [22] * 3,
        [1, 2, 3],
    ]
    assert dataset.images.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("wrapper", [".", "wrapper"])
def test_given_parts_are_kept_apart(image_folder: Path, tmp_path: Path, wrapper: str) -> None:
    root = tmp_path / "root"
    for part in ("test", "Training", "valid"):
        shutil.copytree(image_folder, root / wrapper / part)
    dataset = read_folder(zipped(root))
    assert dataset.class_names == ("cat", "dog")
    assert dataset.test.tolist() == [6, 7, 8, 9, 10, 11]  # "Training" sorts first
    assert dataset.validation.tolist() == [12, 13, 14, 15, 16, 17]
    assert dataset.labels[dataset.validation].tolist() == [0, 0, 0, 1, 1, 1]


def test_pictures_of_several_sizes_come_to_one(image_folder: Path, image_bytes: ImageBytes) -> None:
    (image_folder / "dog" / "3.png").write_bytes(image_bytes(9, (40, 30)))
    assert read_folder(image_folder).image_shape == (1, 8, 8)
    assert read_folder(image_folder, size=(2, 6)).image_shape == (1, 2, 6)
    chosen = read_folder(image_folder, answers=Answers(height=20, width=10))
    assert chosen.image_shape == (1, 20, 10)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP"])
def test_a_broken_picture_is_named_and_can_be_left_out(
    image_folder: Path, image_bytes: ImageBytes, kind: str
) -> None:
    content = image_bytes((1, 200, 3), (12, 9), kind)
    (image_folder / "dog" / "3.png").write_bytes(content[: len(content) // 2])
    with pytest.raises(DatasetError, match=r"dog/3\.png: Cannot be decoded") as refusal:
        read_folder(zipped(image_folder))
    assert refusal.value.code in ("damaged_picture", "undecodable_image")
    assert len(read_folder(image_folder, answers=Answers(broken_files=BrokenFiles.LEAVE_OUT))) == 6


def test_a_question_is_an_error_that_says_what_may_be_answered(image_folder: Path) -> None:
    for animal in ("cat", "dog"):
        shutil.move(image_folder / animal / "0.png", image_folder / f"{animal}.png")
        (image_folder / animal / "big").mkdir()
        shutil.move(image_folder / f"{animal}.png", image_folder / animal / "big" / "0.png")
    with pytest.raises(DatasetError, match="Answer class_from with one of: folder, top, path"):
        read_folder(image_folder)
    assert read_folder(image_folder, answers=Answers(class_from=ClassFrom.TOP)).class_counts == (
        3,
        3,
    )


def test_progress_counts_both_readings(image_folder: Path) -> None:
    told: list[tuple[int, int]] = []
    read_folder(image_folder, tell=lambda done, of: told.append((done, of)))
    assert told == [(done, 12) for done in range(12)]


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (Limits(files=7), "holds more than 7 files"),  # six images and two folders
        (Limits(total_bytes=100), "holds more than 100 bytes, uncompressed"),
        (Limits(image_pixels=11), "Expected at most 11 pixels, got 9x12"),
    ],
)
@pytest.mark.parametrize("kind", ["folder", "zip", "tar", "tar.gz"])
def test_more_than_the_limits_is_refused(
    image_folder: Path, limits: Limits, reason: str, kind: str
) -> None:
    with pytest.raises(DatasetError, match=reason):
        read_folder(packed(image_folder, kind), limits=limits)


def test_images_that_decode_to_too_much_are_refused(
    image_folder: Path, image_bytes: ImageBytes
) -> None:
    for path in image_folder.rglob("*.png"):
        path.write_bytes(image_bytes(int(path.stem), (500, 500)))  # under 1 kB each on disk
    with pytest.raises(DatasetError, match="Decodes to more than 100000 bytes"):
        read_folder(image_folder, limits=Limits(total_bytes=100_000))


@pytest.mark.parametrize(
    "name",
    ["../evil.png", "/etc/evil.png", "cat/../../evil.png", "cat\\..\\evil.png", "C:/evil.png"],
)
@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_name_that_leads_out_of_an_archive_is_refused(
    tmp_path: Path, image_bytes: ImageBytes, name: str, kind: str
) -> None:
    path, content = tmp_path / "evil", image_bytes()
    if kind == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(name, content)
    else:
        with tarfile.open(path, "w") as tar:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    with pytest.raises(DatasetError, match="expected a path inside the archive"):
        read_folder(path)


def test_an_empty_folder_and_a_missing_one_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="found none among 0 files"):
        read_folder(tmp_path)
    with pytest.raises(DatasetError, match="expected a folder or an archive, found neither"):
        read_folder(tmp_path / "none")


def test_images_can_be_kept_on_the_disk(
    image_folder: Path, image_bytes: ImageBytes, tmp_path: Path
) -> None:
    (image_folder / "dog" / "0.jpg").write_bytes((image_folder / "cat" / "0.png").read_bytes())
    kept = tmp_path / "kept"
    kept.mkdir()
    held = read_folder(image_folder)
    mapped = read_folder(image_folder, keep_in=kept)
    again = load_dataset(str(kept))
    for dataset in (mapped, again):
        assert torch.equal(dataset.images, held.images)
        for name in ("labels", "test", "validation", "groups"):
            assert torch.equal(getattr(dataset, name), getattr(held, name))
        assert (dataset.class_names, dataset.rendering) == (held.class_names, held.rendering)
    assert held.groups.tolist() == [0, 1, 2, 0, 4, 5, 6]


def test_a_prepared_set_is_used_from_the_disk_without_a_copy(
    image_folder: Path, tmp_path: Path
) -> None:
    mapped = read_folder(image_folder, keep_in=tmp_path)
    pixels = DeviceImages(mapped)._pixels
    assert pixels.untyped_storage().data_ptr() == mapped.images.untyped_storage().data_ptr()
