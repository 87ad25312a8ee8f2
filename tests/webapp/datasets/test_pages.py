"""What the pages of data sets show."""

import pytest
from django.test import Client

from tests.webapp.datasets import packing
from tests.webapp.datasets.conftest import MakeUpload, prepare
from webapp.datasets import selectors
from webapp.datasets.kinds import PREPARATION
from webapp.datasets.models import Dataset
from webapp.datasets.worker import with_hint


def page(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_the_page_counts_images_and_classes(alice_client: Client, leaves: Dataset) -> None:
    html = page(alice_client, f"/datasets/{leaves.pk}/")
    assert '<dd>24</dd><dd class="under">2 classes</dd>' in html
    assert "<span>birch</span><small>index 0 · 12 images</small>" in html
    assert f'src="/datasets/{leaves.pk}/samples/1.png?v=1"' in html


def test_the_page_says_what_is_worth_fixing(alice_client: Client, leaves: Dataset) -> None:
    Dataset.objects.update(warnings=[{"code": "tiny_class", "message": "Too few <oaks>."}])
    assert "<li>Too few &lt;oaks&gt;.</li>" in page(alice_client, f"/datasets/{leaves.pk}/")
    assert "1 warning" in page(alice_client, "/datasets/")


def test_while_it_is_prepared_the_page_follows(
    alice_client: Client, make_upload: MakeUpload
) -> None:
    dataset = make_upload()
    PREPARATION.claim(dataset.pk, "worker")
    PREPARATION.progressed(dataset.pk, 1, {"share": 0.4, "note": "Reading images"})
    html = page(alice_client, f"/datasets/{dataset.pk}/")
    assert 'value="0.400"' in html and "Reading images" in html
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in html
    told = alice_client.get(f"/api/v1/datasets/{dataset.pk}/events/").json()
    assert told["dataset"] == {
        "state": "running",
        "progress": 0.4,
        "progress_note": "Reading images",
        "failure": "",
    }


def test_a_refusal_stands_on_the_page_with_a_way_on(
    alice_client: Client, make_upload: MakeUpload
) -> None:
    dataset = make_upload()
    PREPARATION.claim(dataset.pk, "worker")
    PREPARATION.fail(dataset.pk, 1, "oak/1.png: expected 8x8 pixels")
    html = page(alice_client, f"/datasets/{dataset.pk}/")
    assert "oak/1.png: expected 8x8 pixels" in html
    assert f'action="/datasets/{dataset.pk}/prepare/"' in html


def test_prepare_again_takes_the_new_size(alice_client: Client, make_upload: MakeUpload) -> None:
    dataset = make_upload()
    PREPARATION.claim(dataset.pk, "worker")
    PREPARATION.fail(dataset.pk, 1, "several sizes")
    response = alice_client.post(f"/datasets/{dataset.pk}/prepare/", {"resize_pixels": "32"})
    assert response["Location"] == f"/datasets/{dataset.pk}/"
    dataset.refresh_from_db()
    assert (dataset.state, dataset.resize_pixels) == ("queued", 32)


def test_a_data_set_that_is_not_here_offers_its_download(
    alice_client: Client, missing: Dataset
) -> None:
    for path in ("/datasets/", f"/datasets/{missing.pk}/"):
        assert f'action="/datasets/{missing.pk}/download/"' in page(alice_client, path)


def test_a_published_data_set_has_no_delete_button(alice_client: Client, digits: Dataset) -> None:
    assert "Delete…" not in page(alice_client, f"/datasets/{digits.pk}/")


@pytest.mark.usefixtures("in_this_process")
def test_names_of_classes_are_never_html(alice_client: Client, make_upload: MakeUpload) -> None:
    files = packing.classes({"<b>oak": 10, "birch": 10})
    dataset = make_upload(packing.packed(files))
    prepare(dataset)
    html = page(alice_client, f"/datasets/{dataset.pk}/")
    assert "&lt;b&gt;oak" in html and "<b>oak" not in html


@pytest.mark.parametrize(
    ("images", "test_images", "divided"),
    [
        # 1,797: 359 are drawn for tests (one in five), 300 and 100 held out, the rest is learned.
        (1797, 0, [1038, 100, 300, 359]),
        (70_000, 10_000, [59_600, 100, 300, 10_000]),
        # 24: 5 for tests; of the other 19 a quarter and a tenth, rounded down.
        (24, 0, [14, 1, 4, 5]),
        (0, 0, [0, 0, 0, 0]),
    ],
)
def test_images_are_divided_as_the_engine_does(
    images: int, test_images: int, divided: list[int]
) -> None:
    parts = selectors.parts(Dataset(image_count=images, test_count=test_images))
    assert [part.count for part in parts] == divided


def test_pages_have_no_inline_style_or_script(alice_client: Client, leaves: Dataset) -> None:
    for path in ("/datasets/", "/datasets/upload/", f"/datasets/{leaves.pk}/"):
        html = page(alice_client, path)
        assert "style=" not in html and "onclick" not in html and "<script>" not in html


def test_a_refusal_says_what_to_do() -> None:
    assert with_hint("oak/link.png: expected a file or folder, got a link", "link") == (
        "oak/link.png: expected a file or folder, got a link."
        " Pack the folder anew with real files in place of links."
    )
    assert with_hint("something else", "invalid_dataset") == "something else"
