"""What the reader makes of good, odd and hostile zips. Here it runs in the test's own process."""

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from search_engine.pictures.survey import report_on
from search_engine.spec.pictures import Fault, Report
from search_engine.spec.pictures_text import HINTS
from tests.search_engine.pictures.cases import FOLDER as CASES
from tests.webapp.datasets import packing
from webapp.datasets import child
from webapp.datasets.child.facts import Facts
from webapp.datasets.child.upload import must_wait

LIMIT_BYTES = 1 << 24


def read(tmp_path: Path, content: bytes, **changes: Any) -> child.Reading:
    path, folder = tmp_path / "upload.zip", tmp_path / "out"
    path.write_bytes(content)
    folder.mkdir()
    request = {
        "kind": "upload",
        "folder": str(folder),
        "path": str(path),
        "shown_name": "leaves.zip",
        "answers": {},
        "look": "never",
        "limit_files": 1000,
        "limit_bytes": LIMIT_BYTES,
    }
    return child.read(request | changes, lambda share, note: None)


def facts(tmp_path: Path, files: packing.Files, **changes: Any) -> Facts:
    reading = read(tmp_path, packing.packed(files), **changes)
    assert reading["facts"] is not None, reading["report"]
    return reading["facts"]


def refused(tmp_path: Path, content: bytes, **changes: Any) -> Fault:
    """The first fault of what is not prepared."""
    reading = read(tmp_path, content, **changes)
    assert reading["report"] is not None and reading["facts"] is None
    assert str(tmp_path) not in str(reading["report"]), "the user learns nothing about our folders"
    assert not (tmp_path / "out" / "dataset.safetensors").exists()
    return Report.from_json(reading["report"]).faults[0]


def refusal(tmp_path: Path, content: bytes, **changes: Any) -> str:
    fault = refused(tmp_path, content, **changes)
    return f"{fault.file}: {fault.text}"


def codes(found: Facts) -> list[str]:
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
    assert refusal(tmp_path, content).startswith(
        "leaves.zip: Holds more than 16777216 bytes, uncompressed."
    )


@pytest.mark.parametrize("name", ["../oak/evil.png", "/etc/evil.png", "C:\\evil.png"])
def test_a_path_out_of_the_archive_is_refused(tmp_path: Path, name: str) -> None:
    content = packing.packed(packing.good() | {name: packing.picture(99)})
    assert "xpected a path inside the archive" in refusal(tmp_path, content)


def test_a_link_is_refused(tmp_path: Path) -> None:
    sentence = refusal(tmp_path, packing.with_link(packing.good()))
    assert sentence.startswith("oak/link.png: Expected a file or folder, got a link.")


def test_a_file_that_is_no_image_is_left_out(tmp_path: Path) -> None:
    assert facts(tmp_path, packing.good() | {"oak/notes.txt": b"hello"})["image_count"] == 24


def test_a_file_that_pretends_to_be_an_image_is_refused_by_name(tmp_path: Path) -> None:
    sentence = refusal(tmp_path, packing.packed(packing.good() | {"oak/notes.png": b"hello"}))
    assert sentence.startswith("oak/notes.png: Cannot be decoded as an image")
    assert "0x" not in sentence


def test_a_truncated_image_is_refused_by_name(tmp_path: Path) -> None:
    files = packing.good() | {"oak/cut.png": packing.picture(99)[:120]}
    assert refusal(tmp_path, packing.packed(files)).startswith("oak/cut.png: Cannot be decoded")


def test_one_class_is_refused(tmp_path: Path) -> None:
    content = packing.packed(packing.classes({"oak": 12}))
    sentence = refusal(tmp_path, content)
    assert sentence.startswith("leaves.zip: Expected at least 2 classes, got 1: oak.")


def test_images_without_class_folders_are_refused(tmp_path: Path) -> None:
    content = packing.packed({"1.png": packing.picture(1)})
    assert "hey lie in no class folders" in refusal(tmp_path, content)


def test_a_zip_cut_short_is_refused(tmp_path: Path) -> None:
    assert "s a zip that has been cut off" in refusal(
        tmp_path, packing.packed(packing.good())[:-40]
    )


def test_images_of_several_sizes_come_to_the_suggested_one(tmp_path: Path) -> None:
    files = packing.good() | {"oak/large.png": packing.picture(99, size=(16, 9))}
    found = facts(tmp_path, files)
    assert (found["image_height"], found["image_width"], found["image_count"]) == (8, 8, 25)


def test_images_of_several_sizes_can_be_resized(tmp_path: Path) -> None:
    files = packing.good() | {"oak/large.png": packing.picture(99, size=(16, 9))}
    found = facts(tmp_path, files, answers={"height": 28, "width": 28})
    assert (found["image_height"], found["image_width"], found["image_count"]) == (28, 28, 25)


def test_more_files_than_allowed_are_refused(tmp_path: Path) -> None:
    sentence = refusal(tmp_path, packing.packed(packing.good()), limit_files=20)
    assert sentence.startswith("leaves.zip: Holds more than 20 files.")


def encrypted(content: bytes) -> bytes:
    """A zip whose members say, in both of their headers, that they have a password."""
    changed = bytearray(content)
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.find(mark)
        while at >= 0:
            changed[at + flags] |= 1
            at = content.find(mark, at + 1)
    return bytes(changed)


@pytest.mark.parametrize(
    ("code", "content"),
    [
        ("archive_too_large", packing.bomb(LIMIT_BYTES * 2)),
        ("damaged_picture", packing.packed(packing.good() | {"oak/x.png": b""})),
        ("link", packing.with_link(packing.good())),
        ("no_classes", packing.packed({"1.png": packing.picture(1)})),
        ("no_images", packing.packed({})),
        ("too_few_classes", packing.packed(packing.classes({"oak": 12}))),
        ("too_few_pictures", packing.packed(packing.classes({"oak": 2, "birch": 12}))),
        ("undecodable_image", packing.packed(packing.good() | {"oak/x.png": b"hello"})),
        ("unsafe_path", packing.packed(packing.good() | {"../evil.png": packing.picture(99)})),
        ("zip_cut_off", packing.packed(packing.good())[:-40]),
        ("zip_encrypted", encrypted(packing.packed(packing.good()))),
    ],
)
def test_a_refusal_has_a_code_that_has_a_hint(code: str, content: bytes, tmp_path: Path) -> None:
    assert refused(tmp_path, content).code == code
    assert code in HINTS


def test_tiny_classes_are_kept_with_a_warning(tmp_path: Path) -> None:
    (flaw,) = facts(tmp_path, packing.classes({"birch": 9, "oak": 30}))["warnings"]
    assert flaw["code"] == "few_pictures"
    assert "leave almost none to measure with: birch." in flaw["message"]


def test_ten_images_are_enough_to_be_quiet(tmp_path: Path) -> None:
    assert codes(facts(tmp_path, packing.classes({"birch": 10, "oak": 30}))) == []


def test_very_unbalanced_classes_are_kept_with_a_warning(tmp_path: Path) -> None:
    (flaw,) = facts(tmp_path, packing.classes({"birch": 10, "oak": 201}))["warnings"]
    assert flaw["code"] == "unbalanced"
    assert "oak with 201 pictures, birch with 10 pictures" in flaw["message"]


def test_twenty_to_one_is_still_balanced(tmp_path: Path) -> None:
    assert codes(facts(tmp_path, packing.classes({"birch": 10, "oak": 200}))) == []


def test_copies_are_kept_with_a_warning(tmp_path: Path) -> None:
    files = packing.good()
    # Two copies in the same class, and one in the other: 3 copies, one repeated image torn.
    files |= {f"oak/copy-{n}.png": files["oak/0.png"] for n in (1, 2)}
    files |= {"birch/copy.png": files["oak/0.png"]}
    equal, torn = facts(tmp_path, files)["warnings"]
    assert (equal["code"], torn["code"]) == ("equal_copies", "conflicting_copies")
    assert equal["message"].startswith("3 pictures are equal to another:")


def test_equal_pixels_in_other_files_are_copies_too(tmp_path: Path) -> None:
    files = packing.good()
    recoded = io.BytesIO()
    Image.open(io.BytesIO(files["oak/0.png"])).save(recoded, "BMP")
    found = facts(tmp_path, files | {"oak/other.bmp": recoded.getvalue()})
    assert codes(found) == ["equal_copies"]


def test_what_must_wait_shows_samples_for_each_way_to_the_size(tmp_path: Path) -> None:
    files = packing.good() | {"oak/large.png": packing.picture(99, size=(16, 9))}
    reading = read(tmp_path, packing.packed(files), look="needed")
    assert reading["facts"] is None
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"fit-stretch.png", "fit-crop.png", "fit-pad.png"}


def test_where_nothing_needs_a_look_it_is_prepared_unless_all_is_to_be_shown(
    tmp_path: Path,
) -> None:
    path = packing.pack(tmp_path / "leaves.zip", packing.good())
    report = report_on(path)
    assert not must_wait(report, "needed") and not must_wait(report, "never")
    assert must_wait(report, "always")


def test_samples_are_what_training_sees(tmp_path: Path) -> None:
    """One picture in one class and one in the other, both of one size: no way but one."""
    read(tmp_path, packing.packed(packing.good()), look="always")
    names = [path.name for path in (tmp_path / "out").iterdir()]
    assert names == ["fit-stretch.png"]
    shown = np.asarray(Image.open(tmp_path / "out" / "fit-stretch.png").convert("RGB"))
    first = np.asarray(Image.open(io.BytesIO(packing.good()["birch/0.png"])))
    assert np.array_equal(shown[:8, :8], first)


def test_what_can_be_seen_of_a_broken_picture_is_shown(tmp_path: Path) -> None:
    content = (CASES / "a35_truncated_jpeg.zip").read_bytes()
    assert refused(tmp_path, content).code == "damaged_picture"
    with Image.open(tmp_path / "out" / "fault-0.png") as seen:
        assert max(seen.size) <= 96


def test_names_that_are_no_text_can_be_kept(tmp_path: Path) -> None:
    memory = io.BytesIO()
    with tarfile.open(fileobj=memory, mode="w") as tar:
        for name, content in (packing.good() | {"oak/\udce9.png": b"hello"}).items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    report = read(tmp_path, memory.getvalue())["report"]
    assert json.dumps(report, ensure_ascii=False).encode()


def test_progress_grows_with_what_has_been_read() -> None:
    told: list[float] = []
    progress = child.Progress(lambda share, note: told.append(share))
    progress.begin("Reading images", 0.2, 0.6)
    progress.came_to(1, 2)
    progress.send()
    assert told == [0.2, 0.5]
