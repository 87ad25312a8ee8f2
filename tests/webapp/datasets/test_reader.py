"""What the reader makes of good, odd and hostile zips. Here it runs in the test's own process."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.webapp.datasets import packing
from webapp.datasets.reader import Report, run

LIMIT_BYTES = 1 << 24


def read(tmp_path: Path, content: bytes, **changes: Any) -> dict[str, Any]:
    path, folder = tmp_path / "upload.zip", tmp_path / "out"
    path.write_bytes(content)
    folder.mkdir()
    request = {
        "kind": "upload",
        "folder": str(folder),
        "path": str(path),
        "shown_name": "leaves.zip",
        "resize_pixels": None,
        "limit_files": 1000,
        "limit_bytes": LIMIT_BYTES,
    }
    return run(request | changes, Report(io.StringIO()))


def facts(tmp_path: Path, files: packing.Files, **changes: Any) -> dict[str, Any]:
    message = read(tmp_path, packing.packed(files), **changes)
    assert "facts" in message, message
    found: dict[str, Any] = message["facts"]
    return found


def refusal(tmp_path: Path, content: bytes, **changes: Any) -> str:
    sentence: str = read(tmp_path, content, **changes)["refused"]
    assert str(tmp_path) not in sentence, "the user learns nothing about this server's folders"
    assert not list((tmp_path / "out").iterdir())
    return sentence


def codes(found: dict[str, Any]) -> list[str]:
    return [flaw["code"] for flaw in found["warnings"]]


def test_colour_images_are_counted(tmp_path: Path) -> None:
    found = facts(tmp_path, packing.good())
    assert (found["image_channels"], found["image_height"], found["image_width"]) == (3, 8, 8)
    assert found["class_names"] == ["birch", "oak"]
    assert found["class_counts"] == [12, 12]
    assert found["warnings"] == []


def test_grey_images_keep_one_channel(tmp_path: Path) -> None:
    found = facts(tmp_path, packing.classes({"a": 10, "b": 10}, mode="L"))
    assert found["image_channels"] == 1


def test_there_is_a_picture_of_every_class_and_a_thumbnail(tmp_path: Path) -> None:
    facts(tmp_path, packing.good())
    names = {path.name for path in (tmp_path / "out").glob("*.png")}
    assert names == {"class-0.png", "class-1.png", "thumbnail.png"}


def test_test_folder_gives_the_test_images(tmp_path: Path) -> None:
    files = {f"train/{name}": content for name, content in packing.good().items()}
    files |= {f"test/oak/{seed}.png": packing.picture(seed) for seed in range(100, 103)}
    assert facts(tmp_path, files)["test_count"] == 3


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    content = packing.bomb(LIMIT_BYTES * 2)
    assert len(content) < LIMIT_BYTES // 100
    assert refusal(tmp_path, content) == "leaves.zip: holds more than 16777216 bytes, uncompressed"


@pytest.mark.parametrize("name", ["../oak/evil.png", "/etc/evil.png", "C:\\evil.png"])
def test_a_path_out_of_the_archive_is_refused(tmp_path: Path, name: str) -> None:
    content = packing.packed(packing.good() | {name: packing.picture(99)})
    assert refusal(tmp_path, content).endswith("expected a path inside the archive")


def test_a_link_is_refused(tmp_path: Path) -> None:
    sentence = refusal(tmp_path, packing.with_link(packing.good()))
    assert sentence == "oak/link.png: expected a file or folder, got a link"


def test_a_file_that_is_no_image_is_refused_by_name(tmp_path: Path) -> None:
    sentence = refusal(tmp_path, packing.packed(packing.good() | {"oak/notes.txt": b"hello"}))
    assert sentence.startswith("oak/notes.txt: cannot be decoded as an image")
    assert "0x" not in sentence


def test_a_truncated_image_is_refused_by_name(tmp_path: Path) -> None:
    files = packing.good() | {"oak/cut.png": packing.picture(99)[:120]}
    assert refusal(tmp_path, packing.packed(files)).startswith("oak/cut.png: cannot be decoded")


def test_one_class_is_refused(tmp_path: Path) -> None:
    content = packing.packed(packing.classes({"oak": 12}))
    assert refusal(tmp_path, content) == "leaves.zip: expected at least 2 classes, got 1"


def test_images_without_class_folders_are_refused(tmp_path: Path) -> None:
    content = packing.packed({"1.png": packing.picture(1)})
    assert "expected an image at class/image" in refusal(tmp_path, content)


def test_a_zip_cut_short_is_refused(tmp_path: Path) -> None:
    assert "expected a zip file" in refusal(tmp_path, packing.packed(packing.good())[:-40])


def test_images_of_several_sizes_are_refused_with_what_to_do(tmp_path: Path) -> None:
    files = packing.good() | {"oak/large.png": packing.picture(99, size=(16, 9))}
    sentence = refusal(tmp_path, packing.packed(files))
    assert "expected 8x8 pixels like birch/0.png, got 16x9; give a size" in sentence


def test_images_of_several_sizes_can_be_resized(tmp_path: Path) -> None:
    files = packing.good() | {"oak/large.png": packing.picture(99, size=(16, 9))}
    found = facts(tmp_path, files, resize_pixels=28)
    assert (found["image_height"], found["image_width"], found["image_count"]) == (28, 28, 25)


def test_more_files_than_allowed_are_refused(tmp_path: Path) -> None:
    sentence = refusal(tmp_path, packing.packed(packing.good()), limit_files=20)
    assert sentence == "leaves.zip: holds more than 20 files"


def test_tiny_classes_are_kept_with_a_warning(tmp_path: Path) -> None:
    (flaw,) = facts(tmp_path, packing.classes({"birch": 9, "oak": 30}))["warnings"]
    assert flaw["code"] == "tiny_class"
    assert "“birch” has 9. Add images to it, or leave it out." in flaw["message"]


def test_ten_images_are_enough_to_be_quiet(tmp_path: Path) -> None:
    assert codes(facts(tmp_path, packing.classes({"birch": 10, "oak": 30}))) == []


def test_very_unbalanced_classes_are_kept_with_a_warning(tmp_path: Path) -> None:
    (flaw,) = facts(tmp_path, packing.classes({"birch": 10, "oak": 201}))["warnings"]
    assert flaw["code"] == "unbalanced"
    assert "“oak” has 201 images and “birch” has 10" in flaw["message"]


def test_twenty_to_one_is_still_balanced(tmp_path: Path) -> None:
    assert codes(facts(tmp_path, packing.classes({"birch": 10, "oak": 200}))) == []


def test_copies_are_kept_with_a_warning(tmp_path: Path) -> None:
    files = packing.good()
    # Two copies in the same class, and one in the other: 3 copies, one repeated image torn.
    files |= {f"oak/copy-{n}.png": files["oak/0.png"] for n in (1, 2)}
    files |= {"birch/copy.png": files["oak/0.png"]}
    (flaw,) = facts(tmp_path, files)["warnings"]
    assert flaw["code"] == "duplicates"
    assert flaw["message"].startswith("3 of 27 images are copies of another, pixel for pixel.")
    assert "1 of the repeated images stand" in flaw["message"]


def test_equal_pixels_in_other_files_are_copies_too(tmp_path: Path) -> None:
    files = packing.good()
    recoded = io.BytesIO()
    Image.open(io.BytesIO(files["oak/0.png"])).save(recoded, "BMP")
    assert codes(facts(tmp_path, files | {"oak/other.bmp": recoded.getvalue()})) == ["duplicates"]


def test_progress_is_told_in_json_lines() -> None:
    out = io.StringIO()
    Report(out).begin("Reading images", 0.05)
    assert json.loads(out.getvalue()) == {"progress": 0.05, "note": "Reading images"}


def test_progress_grows_with_what_has_been_read(tmp_path: Path) -> None:
    out = io.StringIO()
    report, file = Report(out), tmp_path / "half"
    file.write_bytes(bytes(1 << 20))
    report.begin("Reading images", 0.0, 1.0, 2 << 20)
    file.read_bytes()
    report.send()
    assert 0.45 < json.loads(out.getvalue().splitlines()[-1])["progress"] < 0.6
