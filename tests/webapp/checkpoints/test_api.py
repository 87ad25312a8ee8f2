"""Checkpoints over the API."""

import hashlib
import io
import json
import zipfile
from typing import Any

import pytest
from django.test import Client

from tests.webapp.checkpoints.making import GROWN, make
from webapp.checkpoints.models import Checkpoint, Origin
from webapp.searches.models import Search

pytestmark = pytest.mark.django_db
API = "/api/v1/checkpoints/"


def content(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def test_the_list_is_filtered_and_ordered(
    client: Client, search: Search, start: Checkpoint, grown: Checkpoint
) -> None:
    def found(query: str) -> list[int]:
        return [row["id"] for row in client.get(f"{API}?{query}").json()["results"]]

    assert found("") == [grown.pk, start.pk]
    Checkpoint.objects.filter(pk=grown.pk).update(can_start=False)
    assert found("can_start=true") == [start.pk]
    assert found(f"search={search.pk}&origin=trial") == [grown.pk]
    assert found("order=parameters")[0] == min((start, grown), key=lambda c: c.parameters).pk
    assert client.get(f"{API}?origin=bought").json()["fields"].keys() == {"origin"}


def test_one_says_what_using_it_needs(client: Client, grown: Checkpoint) -> None:
    found = client.get(f"{API}{grown.pk}/").json()
    assert (found["image"], found["class_names"][3]) == ([1, 8, 8], "3")
    assert len(found["mean"]) == len(found["std"]) == 1
    assert (found["origin"], found["trial"]) == ("trial", 1)
    assert found["notation"] == GROWN


def test_the_zip_of_any_origin_comes_whole_and_in_ranges(client: Client, search: Search) -> None:
    final = make(search, Origin.FINAL)
    address = f"{API}{final.pk}/download/"
    whole = content(client.get(address))
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        (weights,) = (name for name in archive.namelist() if name.endswith(".safetensors"))
        assert hashlib.sha256(archive.read(weights)).hexdigest() == final.sha256
        (metrics,) = (name for name in archive.namelist() if name.endswith("metrics.json"))
        assert json.loads(archive.read(metrics))["parameters"] == final.parameters
    parts = [content(client.get(address, headers={"Range": f"bytes={r}"})) for r in ("0-9", "10-")]
    assert b"".join(parts) == whole


def test_what_is_in_use_is_not_deleted(client: Client, start: Checkpoint) -> None:
    answer = client.delete(f"{API}{start.pk}/")
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert "grows its networks from it" in answer.json()["message"]


def test_a_final_network_is_deleted(client: Client, search: Search) -> None:
    assert client.delete(f"{API}{make(search, Origin.FINAL).pk}/").status_code == 204
