"""Uploads about which something is asked, or shown first: pages and API, up to the prepared set."""

import io
import tarfile
from collections.abc import Callable
from typing import Any

import pytest
import zstandard
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from search_engine.spec.errors import InvalidConfig
from tests.search_engine.pictures.cases import CASES, FOLDER
from tests.webapp.datasets import packing
from tests.webapp.datasets.conftest import MakeUpload, on_disk, prepare
from tests.webapp.datasets.test_pages import page
from webapp.accounts.models import User
from webapp.datasets import services
from webapp.datasets.answers import laid_over
from webapp.datasets.files import dataset_folder
from webapp.datasets.kinds import PREPARATION
from webapp.datasets.models import Dataset, Look
from webapp.datasets.review import review_of
from webapp.errors import ProductError
from webapp.state import State

URL = "/api/v1/datasets/"
pytestmark = pytest.mark.usefixtures("in_this_process")

Upload = Callable[..., Dataset]


@pytest.fixture
def looked_at(make_upload: MakeUpload) -> Upload:
    """Alice's upload of a case, after a worker's first look."""

    def make(case: str, look: str = Look.NEEDED) -> Dataset:
        return prepare(make_upload((FOLDER / case).read_bytes(), look=look))

    return make


def counts(dataset: Dataset) -> dict[str, int]:
    return dict(zip(dataset.class_names, dataset.class_counts, strict=True))


def post_form(client: Client, dataset: Dataset, **fields: Any) -> Any:
    fields = {"attempt": dataset.attempt, **fields}
    response = client.post(f"/datasets/{dataset.pk}/answers/", fields)
    assert response["Location"] == f"/datasets/{dataset.pk}/"
    return response


def test_what_needs_no_look_is_prepared_at_once_and_the_page_says_what_was_read(
    looked_at: Upload, alice_client: Client
) -> None:
    dataset = looked_at("a12_txt_in_class.zip")
    assert (dataset.state, counts(dataset)) == (State.COMPLETED, {"birch": 12, "oak": 12})
    assert (dataset.upload, dataset.surveyed) == ("", "")
    home = on_disk(dataset_folder(dataset.pk))
    assert [path.name for path in home.iterdir()] == [f"prepared-{dataset.attempt}"]
    assert "1 other file was left out:" in page(alice_client, f"/datasets/{dataset.pk}/")


@pytest.mark.parametrize(
    "case", ["a29_gbk_names.zip", "a36_zero_byte.zip", "a38_nested_classes.zip"]
)
def test_a_question_is_answered_over_the_api(
    looked_at: Upload, alice_client: Client, case: str
) -> None:
    dataset, expected = looked_at(case, Look.NEVER), CASES[case]
    report = alice_client.get(f"{URL}{dataset.pk}/report/").json()
    assert (report["state"], report["failure"]) == ("paused", "")
    (question,) = report["questions"]
    assert question["code"] in expected.questions and not question["answered"]
    assert {fault["code"] for fault in report["faults"]} == set(expected.faults)
    response = alice_client.post(
        f"{URL}{dataset.pk}/answers/", {"answers": expected.answers}, "application/json"
    )
    assert (response.status_code, response.json()["state"]) == (202, "queued")
    prepare(dataset)
    assert dataset.state == State.COMPLETED, dataset.failure
    assert counts(dataset) == {name: sum(n) for name, n in expected.classes.items()}
    report = alice_client.get(f"{URL}{dataset.pk}/report/").json()
    indexes = {found["name"]: found["index"] for found in report["classes"]}
    assert indexes == {name: place for place, name in enumerate(dataset.class_names)}


def test_broken_files_are_listed_and_one_click_goes_on_without_them(
    looked_at: Upload, alice_client: Client
) -> None:
    dataset = looked_at("a35_truncated_jpeg.zip")
    html = page(alice_client, f"/datasets/{dataset.pk}/")
    assert '<td class="file">oak/x.jpg</td>' in html and "Go on without it</button>" in html
    picture = f"/datasets/{dataset.pk}/survey/fault-0.png"
    assert picture in html
    assert alice_client.get(picture)["Content-Type"] == "image/png"
    post_form(alice_client, dataset, broken_files="leave_out", height="", width="")
    assert counts(prepare(dataset)) == {"birch": 12, "oak": 12}


def test_options_say_what_they_give(looked_at: Upload, alice_client: Client) -> None:
    html = page(alice_client, f"/datasets/{looked_at('a38_nested_classes.zip').pk}/")
    assert "What names the class of a picture?" in html
    assert "The first folder <small>cat, dog</small>" in html
    assert "Waits for you" in html and "Waits for you" in page(alice_client, "/datasets/")


def test_classes_are_renamed_merged_and_left_out_before_preparing(
    looked_at: Upload, alice_client: Client, make_upload: MakeUpload
) -> None:
    content = packing.packed(packing.classes({"1": 10, "2": 10, "10": 10, "elm": 10, "x": 10}))
    dataset = prepare(make_upload(content, look=Look.ALWAYS))
    review = review_of(dataset)
    assert review is not None and review.is_usable
    # In natural order, each with its index among the names sorted as text.
    assert [(c.name, c.index) for c in review.classes] == [
        ("1", 0),
        ("2", 2),
        ("10", 1),
        ("elm", 3),
        ("x", 4),
    ]
    names = {"name-0": "one", "name-1": " one ", "name-2": "10", "name-3": "elm", "name-4": "x"}
    kept = {f"keep-{place}": "on" for place in range(4)}
    post_form(alice_client, dataset, **names, **kept, look="always")
    review = review_of(prepare(dataset))
    assert review is not None
    assert [(c.name, c.shown, c.index, c.merged) for c in review.classes] == [
        ("1", "one", 2, True),
        ("2", "one", 2, True),
        ("10", "10", 0, False),
        ("elm", "elm", 1, False),
        ("x", "x", None, False),
    ]
    assert "was 1</small>" in page(alice_client, f"/datasets/{dataset.pk}/")
    post_form(alice_client, dataset, **names, **kept, look="never")
    assert counts(prepare(dataset)) == {"10": 10, "elm": 10, "one": 20}


def test_mixed_sizes_are_shown_and_the_size_is_chosen(
    looked_at: Upload, alice_client: Client
) -> None:
    dataset = looked_at("a43_sizes_differ.zip")
    html = page(alice_client, f"/datasets/{dataset.pk}/")
    assert "16 × 16 is suggested" in html
    for fit in ("stretch", "crop", "pad"):
        assert f"/survey/fit-{fit}.png" in html
    chosen = {"height": "12", "width": "20", "fit": "pad", "ground": "#000000"}
    post_form(alice_client, dataset, **chosen, look="never")
    prepare(dataset)
    assert (dataset.image_height, dataset.image_width) == (12, 20)
    assert dataset.answers == {"height": 12, "width": 20, "fit": "pad", "ground": "#000000"}


def test_copies_can_be_left_out(looked_at: Upload, alice_client: Client) -> None:
    dataset = looked_at("a44_dup_conflict.zip")
    assert "Leave out equal ones</option>" in page(alice_client, f"/datasets/{dataset.pk}/")
    post_form(alice_client, dataset, copies="leave_out_equal", look="never")
    assert prepare(dataset).image_count == 25


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ({"class_from": "colour"}, "class_from"),
        ({"class_from": "name"}, "class_from"),  # not offered here
        ({"height": 10}, "height"),
        ({"ground": "white"}, "ground"),
        ({"colour": "red"}, "answers"),
    ],
)
def test_a_wrong_answer_is_refused_beside_its_name(
    looked_at: Upload, alice_client: Client, answers: dict[str, Any], field: str
) -> None:
    dataset = looked_at("a38_nested_classes.zip")
    response = alice_client.post(
        f"{URL}{dataset.pk}/answers/", {"answers": answers}, "application/json"
    )
    body = response.json()
    assert (response.status_code, body["code"]) == (422, "unusable"), body
    assert any(name.endswith(field) for name in body["fields"]), body
    dataset.refresh_from_db()
    assert (dataset.state, dataset.answers) == (State.PAUSED, {})


def test_answers_about_an_older_reading_are_refused(looked_at: Upload, alice: User) -> None:
    dataset = looked_at("a38_nested_classes.zip")
    given = {"class_from": "folder"}
    with pytest.raises(ProductError, match="meanwhile"):
        services.answer(alice, dataset.pk, given, attempt=dataset.attempt - 1)


def test_an_answer_that_leads_to_a_refusal_can_be_changed(
    looked_at: Upload, alice_client: Client
) -> None:
    dataset = looked_at("a38_nested_classes.zip")
    names = {"name-0": "big", "name-1": "big", "keep-0": "on", "keep-1": "on"}
    post_form(alice_client, dataset, class_from="folder", look="always")
    prepare(dataset)
    post_form(alice_client, dataset, class_from="folder", **names, look="never")
    assert prepare(dataset).state == State.FAILED
    html = page(alice_client, f"/datasets/{dataset.pk}/")
    assert "Expected at least 2 classes, got 1: big." in html
    assert 'name="name-1" value="big"' in html
    post_form(alice_client, dataset, class_from="top", look="never")
    assert set(counts(prepare(dataset))) == {"cat", "dog"}


def test_renamed_classes_do_not_outlive_the_names_that_they_had(looked_at: Upload) -> None:
    dataset = looked_at("a38_nested_classes.zip")
    dataset.answers = {"class_from": "folder", "renamed": {"big": "large"}, "fit": "crop"}
    assert laid_over(dataset, {"class_from": "top"}) == {"class_from": "top", "fit": "crop"}
    assert laid_over(dataset, {"fit": None})["renamed"] == {"big": "large"}
    with pytest.raises(InvalidConfig, match="expected one of folder, top, path"):
        laid_over(dataset, {"class_from": "name"})


def test_what_waits_can_be_cancelled_and_answered_after_all(looked_at: Upload, alice: User) -> None:
    dataset = looked_at("a38_nested_classes.zip")
    assert services.cancel(alice, dataset.pk).state == State.CANCELLED
    services.answer(alice, dataset.pk, {"class_from": "top"})
    assert prepare(dataset).state == State.COMPLETED


def test_nothing_is_answered_once_it_is_prepared(looked_at: Upload, alice: User) -> None:
    dataset = looked_at("a12_txt_in_class.zip")
    with pytest.raises(ProductError, match="no longer kept"):
        services.answer(alice, dataset.pk, {"fit": "crop"})


def test_a_cancel_during_the_reading_counts_for_more_than_what_it_asks(
    make_upload: MakeUpload, alice: User
) -> None:
    dataset = make_upload((FOLDER / "a38_nested_classes.zip").read_bytes())
    token = PREPARATION.claim(dataset.pk, "worker")
    assert token is not None
    services.cancel(alice, dataset.pk)
    assert not PREPARATION.ask(dataset.pk, token)


def test_a_tar_with_zstandard_goes_through_the_page(alice_client: Client) -> None:
    memory = io.BytesIO()
    with tarfile.open(fileobj=memory, mode="w") as tar:
        for name, content in packing.good().items():
            member = tarfile.TarInfo(f"photos/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    packed = zstandard.compress(memory.getvalue())
    file = SimpleUploadedFile("photos.tar.zst", packed)
    alice_client.post("/datasets/upload/", {"file": file, "look": "needed"})
    dataset = prepare(Dataset.objects.get())
    assert (dataset.name, dataset.state) == ("photos", State.COMPLETED)
    assert counts(dataset) == {"birch": 12, "oak": 12}


def test_what_was_uploaded_before_there_were_answers_still_has_its_size(
    make_upload: MakeUpload,
) -> None:
    dataset = prepare(make_upload(resize_pixels=28))
    assert (dataset.answers, dataset.image_width) == ({}, 28)


def test_classes_that_are_numbers_are_listed_as_numbers(
    alice_client: Client, make_upload: MakeUpload
) -> None:
    content = packing.packed(packing.classes({"1": 10, "2": 10, "10": 10}))
    dataset = prepare(make_upload(content))
    rows = alice_client.get(f"{URL}{dataset.pk}/samples/").json()
    assert [(row["name"], row["index"]) for row in rows] == [("1", 0), ("2", 2), ("10", 1)]
