import io
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from search_engine.data import Limits, read_folder
from search_engine.errors import DatasetError

ImageBytes = Callable[..., bytes]


def zipped(folder: Path) -> Path:
    return Path(shutil.make_archive(str(folder), "zip", folder))


@pytest.mark.parametrize("as_zip", [False, True])
def test_class_folders_become_classes(image_folder: Path, as_zip: bool) -> None:
    dataset = read_folder(zipped(image_folder) if as_zip else image_folder)
    assert dataset.name == "pets"
    assert dataset.class_names == ("cat", "dog")
    assert dataset.image_shape == (1, 4, 3)
    assert dataset.images[:, 0, 0, 0].tolist() == [10, 11, 20]
    assert dataset.labels.tolist() == [0, 0, 1]
    assert dataset.test.tolist() == []


@pytest.mark.parametrize("size", [None, (4, 6)])
def test_rows_stay_rows(image_folder: Path, size: tuple[int, int] | None) -> None:
    rows = np.array([[0] * 3, [100] * 3, [200] * 3, [250] * 3], dtype=np.uint8)
    Image.fromarray(rows).save(image_folder / "cat" / "a.png")
    first = read_folder(image_folder, size=size).images[0, 0]
    assert first.amin(1).tolist() == first.amax(1).tolist() == [0, 100, 200, 250]


def test_one_colour_image_makes_all_colour(image_folder: Path, image_bytes: ImageBytes) -> None:
    (image_folder / "dog" / "d.jpg").write_bytes(image_bytes((1, 2, 3), kind="BMP"))
    dataset = read_folder(image_folder)
    assert dataset.images[:, :, 0, 0].tolist() == [[10] * 3, [11] * 3, [20] * 3, [1, 2, 3]]
    assert dataset.images.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("as_zip", [False, True])
@pytest.mark.parametrize("wrapper", [".", "wrapper"])
def test_train_and_test_folders_give_the_official_test_images(
    image_folder: Path, tmp_path: Path, as_zip: bool, wrapper: str
) -> None:
    root = tmp_path / "root"
    shutil.copytree(image_folder, root / wrapper / "test")
    shutil.copytree(image_folder, root / wrapper / "train")
    dataset = read_folder(zipped(root) if as_zip else root)
    assert dataset.class_names == ("cat", "dog")
    assert dataset.test.tolist() == [0, 1, 2]
    assert len(dataset) == 6


def test_folders_named_train_and_test_can_be_classes(image_folder: Path, tmp_path: Path) -> None:
    (image_folder / "cat").rename(image_folder / "train")
    (image_folder / "dog").rename(image_folder / "test")
    assert read_folder(image_folder).class_names == ("test", "train")


def test_files_of_desktops_are_ignored(image_folder: Path) -> None:
    (image_folder / "__MACOSX" / "cat").mkdir(parents=True)
    for name in (".DS_Store", "cat/Thumbs.db", "__MACOSX/cat/._a.png"):
        (image_folder / name).write_bytes(b"x")
    assert len(read_folder(image_folder)) == 3


def test_other_size_is_refused_naming_both(image_folder: Path, image_bytes: ImageBytes) -> None:
    path = image_folder / "dog" / "c.png"
    path.write_bytes(image_bytes(size=(5, 3)))
    first = image_folder / "cat" / "a.png"
    with pytest.raises(DatasetError, match=f"{path}: expected 3x4 pixels like {first}, got 3x5"):
        read_folder(image_folder)
    assert read_folder(image_folder, size=(2, 6)).image_shape == (1, 2, 6)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP"])
@pytest.mark.parametrize("as_zip", [False, True])
def test_truncated_image_is_named(
    image_folder: Path, image_bytes: ImageBytes, kind: str, as_zip: bool
) -> None:
    content = image_bytes((1, 200, 3), (4, 3), kind)
    (image_folder / "dog" / "c.png").write_bytes(content[: len(content) // 2])
    with pytest.raises(DatasetError, match=r"dog/c\.png: cannot be decoded"):
        read_folder(zipped(image_folder) if as_zip else image_folder)


def test_file_that_is_no_image_is_named(image_folder: Path) -> None:
    (image_folder / "dog" / "notes.txt").write_text("a good dog")
    with pytest.raises(DatasetError, match=r"notes\.txt: cannot be decoded"):
        read_folder(image_folder)


def test_sixteen_bit_image_is_refused(image_folder: Path) -> None:
    file = io.BytesIO()
    Image.new("I;16", (3, 4), 1000).save(file, "PNG")
    (image_folder / "dog" / "c.png").write_bytes(file.getvalue())
    with pytest.raises(DatasetError, match=r"c\.png: expected 8 bits per channel"):
        read_folder(image_folder)


@pytest.mark.parametrize("as_zip", [False, True])
def test_empty_class_is_named(image_folder: Path, as_zip: bool) -> None:
    (image_folder / "emu").mkdir()
    with pytest.raises(DatasetError, match=r"emu/?: is a class without images"):
        read_folder(zipped(image_folder) if as_zip else image_folder)


def test_one_class_is_refused(image_folder: Path) -> None:
    shutil.rmtree(image_folder / "dog")
    with pytest.raises(DatasetError, match="pets: expected at least 2 classes, got 1"):
        read_folder(image_folder)


@pytest.mark.parametrize("name", ["e.png", "dog/deeper/e.png"])
def test_image_out_of_place_is_named(
    image_folder: Path, image_bytes: ImageBytes, name: str
) -> None:
    (image_folder / name).parent.mkdir(exist_ok=True)
    (image_folder / name).write_bytes(image_bytes())
    with pytest.raises(DatasetError, match=f"{name}: expected an image at class/image"):
        read_folder(image_folder)


def test_empty_folder_and_missing_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="found no file"):
        read_folder(tmp_path)
    with pytest.raises(DatasetError, match="expected a folder or a zip file, found neither"):
        read_folder(tmp_path / "none")


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (Limits(files=4), "holds more than 4 files"),  # three images and two folders
        (Limits(total_bytes=100), "holds more than 100 bytes, uncompressed"),
        (Limits(image_pixels=11), "expected at most 11 pixels, got 3x4"),
    ],
)
@pytest.mark.parametrize("as_zip", [False, True])
def test_more_than_the_limits_is_refused(
    image_folder: Path, limits: Limits, reason: str, as_zip: bool
) -> None:
    with pytest.raises(DatasetError, match=reason):
        read_folder(zipped(image_folder) if as_zip else image_folder, limits=limits)


def test_images_that_decode_to_too_much_are_refused(
    image_folder: Path, image_bytes: ImageBytes
) -> None:
    for path in image_folder.rglob("*.png"):
        path.write_bytes(image_bytes(0, (1000, 1000)))  # about 1 kB each on disk
    with pytest.raises(DatasetError, match="decode to more than 100000 bytes"):
        read_folder(image_folder, limits=Limits(total_bytes=100_000))


def test_link_in_a_folder_is_refused(image_folder: Path) -> None:
    (image_folder / "dog" / "link.png").symlink_to(image_folder / "cat" / "a.png")
    with pytest.raises(DatasetError, match=r"link\.png: .* got a link"):
        read_folder(image_folder)


@pytest.mark.parametrize(
    "name",
    ["../evil.png", "/etc/evil.png", "cat/../../evil.png", "cat\\..\\evil.png", "C:/evil.png"],
)
def test_name_that_leads_out_of_a_zip_is_refused(
    image_folder: Path, image_bytes: ImageBytes, name: str
) -> None:
    path = zipped(image_folder)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(name, image_bytes())
    with pytest.raises(DatasetError, match="expected a path inside the archive"):
        read_folder(path)


def test_link_in_a_zip_is_refused(image_folder: Path) -> None:
    path = zipped(image_folder)
    member = zipfile.ZipInfo("cat/link.png")
    member.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(member, "/etc/passwd")
    with pytest.raises(DatasetError, match=r"link\.png: .* got a link"):
        read_folder(path)


def test_name_that_occurs_twice_in_a_zip_is_refused(
    image_folder: Path, image_bytes: ImageBytes
) -> None:
    path = zipped(image_folder)
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("cat/a.png", image_bytes())
    with pytest.raises(DatasetError, match=r"cat/a\.png: occurs twice"):
        read_folder(path)


def test_damaged_member_of_a_zip_is_named(image_folder: Path) -> None:
    path = image_folder.with_suffix(".zip")
    with zipfile.ZipFile(path, "w") as archive:
        for each in sorted(image_folder.rglob("*.png")):
            archive.write(each, each.relative_to(image_folder))
    content = path.read_bytes()
    path.write_bytes(content.replace(b"IDAT", b"IDOT", 1))
    with pytest.raises(DatasetError, match=r"cat/a\.png: cannot be read: Bad CRC"):
        read_folder(path)


def test_file_that_is_no_zip_is_named(tmp_path: Path) -> None:
    path = tmp_path / "images.zip"
    path.write_bytes(b"PK nothing more")
    with pytest.raises(DatasetError, match=r"images\.zip: expected a zip file"):
        read_folder(path)
