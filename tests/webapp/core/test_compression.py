"""What goes out compressed, and what must not."""

import gzip
import json
from collections.abc import Callable

import pytest
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.test import Client, RequestFactory

from webapp.middleware import TextGZipMiddleware

LONG = "a sentence that repeats itself. " * 100


def through(answer: HttpResponseBase, accepts: str = "gzip") -> HttpResponseBase:
    """The answer, as the middleware lets it out."""
    respond: Callable[[HttpRequest], HttpResponseBase] = lambda request: answer  # noqa: E731
    request = RequestFactory().get("/", headers={"accept-encoding": accepts})
    return TextGZipMiddleware(respond)(request)  # type: ignore[return-value]


def test_json_and_pages_are_compressed() -> None:
    for answer in (JsonResponse({"text": LONG}), HttpResponse(LONG)):
        out = through(answer)
        assert isinstance(out, HttpResponse)
        assert out["Content-Encoding"] == "gzip"
        assert LONG in gzip.decompress(out.content).decode()
        assert "Accept-Encoding" in out["Vary"]


def test_who_does_not_ask_for_it_gets_plain_text() -> None:
    assert not through(JsonResponse({"text": LONG}), accepts="identity").has_header(
        "Content-Encoding"
    )


@pytest.mark.parametrize("kind", ["application/zip", "image/png", "application/octet-stream"])
def test_downloads_and_images_stay_as_they_are(kind: str) -> None:
    answer = HttpResponse(LONG.encode(), content_type=kind)
    assert not through(answer).has_header("Content-Encoding")


def test_what_may_be_asked_for_in_ranges_stays_as_it_is() -> None:
    answer = HttpResponse(LONG, headers={"Accept-Ranges": "bytes"})
    assert not through(answer).has_header("Content-Encoding")


def test_streams_stay_as_they_are() -> None:
    answer = StreamingHttpResponse(iter([LONG]), content_type="text/csv")
    assert not through(answer).has_header("Content-Encoding")


@pytest.mark.django_db
def test_the_same_page_has_another_length_each_time(alice_client: Client) -> None:
    """Lengths that follow the content alone tell what it is: BREACH."""
    lengths = set()
    for _ in range(8):
        page = alice_client.get("/account/", headers={"accept-encoding": "gzip"})
        assert page["Content-Encoding"] == "gzip"
        lengths.add(len(page.content))
    assert len(lengths) > 1


@pytest.mark.django_db
def test_the_api_is_compressed_too(alice_client: Client) -> None:
    answer = alice_client.get("/api/v1/schema/?format=json", headers={"accept-encoding": "gzip"})
    assert answer["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(answer.content))["openapi"]
