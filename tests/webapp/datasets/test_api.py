"""Data sets over the API: the same rules as the pages, and one shape for every error."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.webapp.datasets import packing
from tests.webapp.datasets.conftest import MakeUpload, on_disk, prepare
from webapp.datasets.files import dataset_folder, upload_name
from webapp.datasets.models import Dataset
from webapp.state import State

URL = "/api/v1/datasets/"


def send(client: Client, content: bytes | None = None, **fields: Any) -> Any:
    file = SimpleUploadedFile("leaves.zip", content or packing.packed(packing.good()))
    return client.post(URL, {"file": file, **fields})


def assert_error(response: Any, status: int, code: str) -> dict[str, Any]:
    body: dict[str, Any] = response.json()
    assert (response.status_code, body["code"]) == (status, code), body
    assert set(body) == {"message", "code", "fields"}
    return body


def test_an_upload_answers_with_the_data_set_and_its_address(alice_client: Client) -> None:
    response = send(alice_client, name="Leaves", resize_pixels=28, licence="CC0")
    body = response.json()
    assert (response.status_code, response["Location"]) == (201, f"{URL}{body['id']}/")
    assert (body["name"], body["state"], body["resize_pixels"]) == ("Leaves", "queued", 28)
    assert on_disk(upload_name(body["id"])).exists()


def test_the_list_comes_in_pages(alice_client: Client, digits: Dataset, missing: Dataset) -> None:
    body = alice_client.get(URL, {"page_size": 1}).json()
    assert (body["count"], len(body["results"])) == (2, 1)
    assert body["results"][0]["engine_name"] == "digits"
    assert body["next"].endswith("?page=2&page_size=1")


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"state": "completed"}, ["digits"]),
        ({"state": "failed"}, []),
        ({"built_in": "true"}, ["digits", "cifar10"]),
        ({"built_in": "false"}, []),
        ({"name": "cifar"}, ["cifar10"]),
    ],
)
def test_the_list_is_filtered(
    alice_client: Client, digits: Dataset, missing: Dataset, query: dict[str, str], names: list[str]
) -> None:
    found = alice_client.get(URL, query).json()["results"]
    assert [dataset["engine_name"] for dataset in found] == names


def test_an_unknown_state_is_an_error(alice_client: Client) -> None:
    body = assert_error(alice_client.get(URL, {"state": "done"}), 400, "invalid")
    assert "state" in body["fields"]


def test_what_is_not_on_this_server_has_no_state(alice_client: Client, missing: Dataset) -> None:
    body = alice_client.get(f"{URL}{missing.pk}/").json()
    assert (body["state"], body["built_in"], body["downloadable"]) == (None, True, True)


def test_samples_name_every_class_and_its_picture(alice_client: Client, leaves: Dataset) -> None:
    rows = alice_client.get(f"{URL}{leaves.pk}/samples/").json()
    assert [(row["name"], row["count"]) for row in rows] == [("birch", 12), ("oak", 12)]
    assert alice_client.get(rows[1]["url"])["Content-Type"] == "image/png"


def test_a_missing_file_is_named(alice_client: Client) -> None:
    body = assert_error(alice_client.post(URL, {}), 400, "invalid")
    assert body["fields"] == {"file": "Choose a file."}


def test_json_is_no_upload(alice_client: Client) -> None:
    response = alice_client.post(URL, {"file": "leaves.zip"}, content_type="application/json")
    assert_error(response, 415, "unsupported_media_type")


def test_a_file_over_the_limit_is_too_large(
    alice_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ESPALIER_UPLOAD_LIMIT_BYTES", str(1 << 16))
    body = assert_error(send(alice_client, bytes(1 << 18)), 413, "too_large")
    assert "file" in body["fields"]


def test_an_unknown_number_is_not_found(alice_client: Client) -> None:
    assert_error(alice_client.get(f"{URL}999/"), 404, "not_found")


def test_nobody_gets_the_one_shape_too(anonymous_client: Client) -> None:
    assert_error(anonymous_client.get(URL), 401, "not_signed_in")


def test_delete_takes_row_and_files(
    alice_client: Client, leaves: Dataset, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        assert alice_client.delete(f"{URL}{leaves.pk}/").status_code == 204
    assert not Dataset.objects.exists()
    assert not on_disk(dataset_folder(leaves.pk)).exists()


@pytest.mark.usefixtures("in_this_process")
def test_what_waits_can_be_prepared_at_another_size(
    alice_client: Client, make_upload: MakeUpload
) -> None:
    files = packing.good() | {"oak/large.png": packing.picture(99, size=(16, 9))}
    dataset = make_upload(packing.packed(files), look="needed")
    assert prepare(dataset).state == State.PAUSED
    url = f"{URL}{dataset.pk}/prepare/"
    body = alice_client.post(url, {"resize_pixels": 16}, content_type="application/json").json()
    assert (body["state"], body["failure"]) == ("queued", "")
    prepare(dataset)
    assert alice_client.get(f"{URL}{dataset.pk}/").json()["image_width"] == 16


def test_a_download_is_queued_once(alice_client: Client, missing: Dataset) -> None:
    url = f"{URL}{missing.pk}/download/"
    response = alice_client.post(url)
    assert (response.status_code, response.json()["state"]) == (202, State.QUEUED)
    assert_error(alice_client.post(url), 409, "conflict")
