"""Pictures that browsers cannot read: the server gives back what the network sees of them."""

import io
from typing import Any

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from search_engine.loading import pixels_of
from search_engine.pictures.pixels import opened
from search_engine.spec import ImageShape
from search_engine.spec.pictures import Fit, Rendering
from tests.search_engine.pictures.odd_pictures import colour, saved
from tests.webapp.checkpoints.conftest import IMAGE
from webapp.checkpoints import pictures
from webapp.checkpoints.models import Checkpoint

pytestmark = pytest.mark.django_db
KINDS = {"a.heic": "HEIF", "b.tiff": "TIFF", "c.jp2": "JPEG2000"}


def sent(client: Client, checkpoint: Checkpoint, content: bytes, name: str = "a.heic") -> Any:
    address = f"/api/v1/checkpoints/{checkpoint.pk}/picture/"
    return client.post(address, {"file": SimpleUploadedFile(name, content)})


@pytest.mark.parametrize("name", KINDS)
def test_pixels_are_those_of_predict(client: Client, brought: Checkpoint, name: str) -> None:
    how = Rendering(fit=Fit.PAD, ground="#204060")
    brought.description["trained_on"] = {"rendering": how.to_json()}
    brought.save()
    exif = Image.Exif()
    exif[0x0112] = 6
    content = saved(Image.fromarray(colour()), KINDS[name], exif=exif)
    answer = sent(client, brought, content, name)
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/png")
    with opened(content, name) as image:
        expected = pixels_of(image, ImageShape(1, IMAGE.height, IMAGE.width), how)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(answer.content))), expected[0].numpy())


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"<html>", "cannot be decoded"), (b"", "is an empty file"), (b"GIF89a", "be decoded")],
)
def test_what_is_no_picture_is_refused_with_its_reason(
    client: Client, brought: Checkpoint, content: bytes, why: str
) -> None:
    answer = sent(client, brought, content)
    assert answer.status_code == 422 and why in answer.json()["message"]
    assert list(answer.json()["fields"]) == ["file"]


def test_a_picture_gets_no_more_memory_than_its_limit(
    client: Client, brought: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "MEMORY_BYTES", 8 << 20)
    answer = sent(
        client, brought, saved(Image.new("RGB", (4000, 4000)), "TIFF", compression="jpeg")
    )
    assert answer.status_code == 422 and "memory" in answer.json()["message"]


def test_no_picture_takes_longer_than_its_limit(
    client: Client, brought: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "SECONDS", 0.01)
    answer = sent(client, brought, b"x")
    assert (answer.status_code, answer.json()["code"]) == (422, "unusable")


def test_no_more_than_two_are_read_at_once(
    client: Client, brought: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "SECONDS", 0.01)
    with pictures._turns, pictures._turns:
        answer = sent(client, brought, b"x")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
