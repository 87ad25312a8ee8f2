"""An upload goes to disk as it comes, within the limits, with and without the page's script."""

import hashlib
import io
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.search_engine.pictures.cases import FOLDER as CASES
from tests.webapp.datasets import packing
from tests.webapp.datasets.conftest import on_disk
from webapp.accounts.models import User
from webapp.datasets import services
from webapp.datasets.files import incoming_folder
from webapp.datasets.models import Dataset
from webapp.datasets.uploads import StreamedFile
from webapp.state import State

URL = "/datasets/upload/"
JSON: Any = {"headers": {"accept": "application/json"}}
BOUNDARY = "espalier"


def zip_file(content: bytes | None = None, name: str = "leaves.zip") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content or packing.packed(packing.good()))


def left_behind() -> list[Path]:
    folder = incoming_folder()
    return list(folder.iterdir()) if folder.exists() else []


class Endless(io.RawIOBase):
    """A multipart body that is made while it is read: it never lies in memory as a whole."""

    def __init__(self, content: Iterator[bytes]) -> None:
        self.content, self.rest = content, b""

    def read(self, size: int = -1) -> bytes:
        while len(self.rest) < size and (chunk := next(self.content, b"")):
            self.rest += chunk
        taken, self.rest = self.rest[:size], self.rest[size:]
        return taken


def body_of(total_bytes: int) -> Iterator[bytes]:
    yield (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="big.zip"\r\n\r\n'
    ).encode()
    for _ in range(total_bytes // 65536):
        yield bytes(65536)
    yield f"\r\n--{BOUNDARY}--\r\n".encode()


def stream(client: Client, total_bytes: int, declared_bytes: int | None = None) -> Any:
    environment: Any = {
        "wsgi.input": Endless(body_of(total_bytes)),
        "CONTENT_TYPE": f"multipart/form-data; boundary={BOUNDARY}",
        "CONTENT_LENGTH": str(declared_bytes or total_bytes + 200),
    }
    return client.generic("POST", URL, b"", **JSON, **environment)


def test_without_script_the_form_leads_to_the_new_page(alice_client: Client) -> None:
    response = alice_client.post(URL, {"file": zip_file(), "name": "Leaves of trees"})
    dataset = Dataset.objects.get()
    assert (response.status_code, response["Location"]) == (302, f"/datasets/{dataset.pk}/")
    assert (dataset.name, dataset.state) == ("Leaves of trees", State.QUEUED)


def test_with_script_the_answer_says_where_the_page_is(alice_client: Client) -> None:
    response = alice_client.post(URL, {"file": zip_file()}, **JSON)
    assert response.status_code == 201
    assert response.json() == {"location": f"/datasets/{Dataset.objects.get().pk}/"}


def test_the_file_is_kept_as_it_came(alice_client: Client, alice: User) -> None:
    content = packing.packed(packing.good())
    alice_client.post(URL, {"file": zip_file(content)})
    dataset = Dataset.objects.get(owner=alice)
    assert on_disk(dataset.upload).read_bytes() == content
    assert dataset.sha256 == hashlib.sha256(content).hexdigest()
    assert dataset.size_bytes == len(content)
    assert left_behind() == []


def test_a_view_gets_a_file_on_disk(alice_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []
    whole = services.upload

    def watched(user: Any, file: StreamedFile, **settings: Any) -> Dataset:
        seen.extend([type(file), file.path.is_file()])
        return whole(user, file, **settings)

    monkeypatch.setattr(services, "upload", watched)
    alice_client.post(URL, {"file": zip_file()})
    assert seen == [StreamedFile, True]


def test_memory_does_not_grow_with_the_file(alice_client: Client) -> None:
    tracemalloc.start()
    response = stream(alice_client, 64 << 20)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert response.status_code == 201
    assert peak_bytes < 8 << 20, "64 MiB went through"
    assert left_behind() == []


def test_a_declared_length_over_the_limit_is_refused_unread(
    alice_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ESPALIER_UPLOAD_LIMIT_BYTES", str(1 << 20))
    response = stream(alice_client, 0, declared_bytes=1 << 40)
    assert response.status_code == 413
    assert response.json()["code"] == "too_large"


def test_a_file_over_the_limit_is_refused_where_it_passes_it(
    alice_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ESPALIER_UPLOAD_LIMIT_BYTES", str(1 << 16))
    response = stream(alice_client, 1 << 18)
    assert response.status_code == 413
    assert response.json()["fields"]["file"].startswith("An upload may have up to 0.0625 MB.")
    assert left_behind() == []
    assert not Dataset.objects.exists()


def test_without_script_the_refusal_stands_on_the_page(
    alice_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ESPALIER_UPLOAD_LIMIT_BYTES", str(1 << 16))
    response = alice_client.post(URL, {"file": zip_file(bytes(1 << 18))})
    assert response.status_code == 413
    assert "Upload a smaller file, or fewer images." in response.content.decode()


@pytest.mark.parametrize(
    ("form", "field", "sentence"),
    [
        ({}, "file", "Choose a file."),
        ({"file": zip_file(b"Rar!", "leaves.rar")}, "file", "This is no archive that can be read."),
        ({"look": "sometimes"}, "look", "Select a valid choice."),
        ({"file": SimpleUploadedFile("a.zip", b"")}, "file", "This file is empty."),
        ({"resize_pixels": "31"}, "resize_pixels", "Choose one of the sizes offered."),
        ({"name": "x" * 101}, "name", "at most 100 characters"),
    ],
)
def test_a_wrong_field_is_named(
    alice_client: Client, form: dict[str, Any], field: str, sentence: str
) -> None:
    if "file" in form:
        form["file"].seek(0)
    response = alice_client.post(URL, form, **JSON)
    assert (response.status_code, response.json()["code"]) == (400, "invalid")
    assert sentence in response.json()["fields"][field]
    assert left_behind() == []


@pytest.mark.parametrize(
    ("file_name", "name"),
    [
        ("../../etc/my_leaves.zip", "my leaves"),
        ("C:\\Users\\alice\\leaves.zip", "leaves"),
        ("leaves.2026.tar.gz", "leaves.2026"),
        ("a\u202eb\x07.zip", "a b"),
        ("ﬀ" * 300 + ".zip", "Images"),
    ],
)
def test_names_of_files_are_cleaned(alice: User, file_name: str, name: str) -> None:
    file = StreamedFile("placeholder.zip", "application/zip")
    file.append(packing.packed(packing.good()))
    file._name = file_name  # type: ignore[attr-defined]  # past Django's own cleaning
    dataset = services.upload(alice, file)
    assert dataset.name == name or len(dataset.name) == 100
    assert "/" not in dataset.file_name and "\\" not in dataset.file_name


def test_two_uploads_of_one_name_are_told_apart_in_configs(alice_client: Client) -> None:
    for _ in range(2):
        alice_client.post(URL, {"file": zip_file()})
    assert Dataset.objects.values("name").distinct().count() == 1
    assert Dataset.objects.values("engine_name").distinct().count() == 2


@pytest.mark.parametrize("case", ["a12_txt_in_class.zip", "a61.tar.gz"])
def test_an_archive_is_known_by_its_content_where_its_name_says_nothing(
    alice_client: Client, case: str
) -> None:
    file = SimpleUploadedFile("leaves", (CASES / case).read_bytes())
    assert alice_client.post(URL, {"file": file}, **JSON).status_code == 201


def test_another_site_cannot_upload(alice: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")
    assert client.post(URL, {"file": zip_file()}).status_code == 403
    assert not Dataset.objects.exists()


def test_other_files_of_the_form_are_not_taken(alice_client: Client) -> None:
    alice_client.post(URL, {"other": zip_file(), "file": zip_file()})
    assert Dataset.objects.count() == 1
    assert left_behind() == []
