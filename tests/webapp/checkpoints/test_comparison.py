"""On whose images an export is compared, where the checkpoint is of no search."""

from typing import Any

import pytest
import torch
from django.test import Client

from tests.webapp.checkpoints.conftest import IMAGE
from webapp.accounts.models import User
from webapp.checkpoints import comparison
from webapp.checkpoints.kinds import EXPORT
from webapp.checkpoints.models import Checkpoint, Export
from webapp.checkpoints.worker import real_images
from webapp.datasets.models import Dataset
from webapp.state import State
from webapp.work import runner

pytestmark = pytest.mark.django_db


def dataset(name: str, **columns: Any) -> Dataset:
    """Of grey images, ready, published; nothing of it is on the disk."""
    shape = {"image_channels": 1, "image_height": 28, "image_width": 28}
    given = {"name": name.title(), "state": State.COMPLETED, **shape, **columns}
    return Dataset.objects.create(engine_name=name, **given)


def fitting(user: User, checkpoint: Checkpoint) -> tuple[list[str], str]:
    found = comparison.of(user, checkpoint).to_json()
    return [one["dataset"] for one in found["datasets"]], found["chosen"]


def ask_for_export(client: Client, checkpoint: Checkpoint, **body: str) -> Any:
    address = f"/api/v1/checkpoints/{checkpoint.pk}/exports/"
    return client.post(address, {"kind": "safetensors", **body}, "application/json")


def test_only_data_sets_that_are_ready_visible_and_of_as_many_channels_fit(
    alice: User, bob: User, brought: Checkpoint, digits: Dataset
) -> None:
    dataset("photos", image_channels=3)
    dataset("waiting", state=State.QUEUED)
    dataset("bobs", owner=bob)
    assert fitting(alice, brought) == (["digits"], "digits")


def test_without_any_there_is_noise(alice: User, brought: Checkpoint) -> None:
    assert fitting(alice, brought) == ([], "")


def test_the_likeliest_comes_first_and_no_upload_is_taken_at_random(
    alice: User, brought: Checkpoint
) -> None:
    for name in ("leaves", "moths"):
        dataset(name, owner=alice)
    assert fitting(alice, brought) == (["leaves", "moths"], "")
    dataset("mnist")
    dataset("tall", owner=alice, image_height=IMAGE.height, image_width=IMAGE.width)
    assert fitting(alice, brought) == (["tall", "mnist", "leaves", "moths"], "mnist")
    brought.dataset = Dataset.objects.get(engine_name="moths")
    assert fitting(alice, brought) == (["moths", "tall", "mnist", "leaves"], "moths")


def test_images_of_another_size_are_resized(brought: Checkpoint, digits: Dataset) -> None:
    compared = real_images(brought, digits)
    assert compared is not None and compared.calibration is not None
    images = compared.images
    assert images.dtype == torch.uint8 and compared.calibration.shape[1:] == images.shape[1:]
    assert tuple(images.shape) == (359, IMAGE.channels, IMAGE.height, IMAGE.width)
    assert len(images.unique(dim=0)) > 200


@pytest.mark.parametrize(
    ("body", "chosen"), [({}, "digits"), ({"dataset": "digits"}, "digits"), ({"dataset": ""}, "")]
)
def test_the_usual_data_set_counts_unless_another_or_none_is_named(
    body: dict[str, str], chosen: str, client: Client, brought: Checkpoint, digits: Dataset
) -> None:
    asked = ask_for_export(client, brought, **body)
    assert (asked.status_code, asked.json()["dataset"]) == (202, chosen)


@pytest.mark.thorough
def test_an_export_is_compared_on_test_images_of_what_was_chosen(
    client: Client, brought: Checkpoint, digits: Dataset
) -> None:
    ask_for_export(client, brought)
    runner.run(EXPORT.name, Export.objects.get().pk, "worker")
    (found,) = client.get(f"/api/v1/checkpoints/{brought.pk}/exports/").json()
    assert found["state"] == "completed", found["failure"]
    assert found["report"]["images_are_real"] and found["report"]["images_compared"] == 256
    assert found["dataset_name"] == "Digits"


def test_who_gave_a_build_up_may_choose_another(
    client: Client, brought: Checkpoint, digits: Dataset
) -> None:
    ask_for_export(client, brought, dataset="")
    client.post(f"/api/v1/checkpoints/{brought.pk}/exports/safetensors/cancel/")
    assert ask_for_export(client, brought).json()["dataset"] == "digits"


def test_what_does_not_fit_is_refused_beside_the_field(
    client: Client, start: Checkpoint, brought: Checkpoint, digits: Dataset
) -> None:
    dataset("photos", image_channels=3)
    for checkpoint, name, says in (
        (brought, "photos", "expected one of digits"),
        (start, "digits", "its search's data set"),
    ):
        answer = ask_for_export(client, checkpoint, dataset=name)
        assert answer.status_code == 422 and says in answer.json()["fields"]["dataset"]
    assert not Export.objects.exists()


def test_of_a_search_there_is_nothing_to_choose(client: Client, start: Checkpoint) -> None:
    found = client.get(f"/api/v1/checkpoints/{start.pk}/exports/datasets/").json()
    assert found == {"has_own": True, "datasets": [], "chosen": ""}
    assert "data-compare" not in client.get(f"/checkpoints/{start.pk}/").content.decode()


def test_the_page_of_one_that_was_brought_in_offers_a_choice(
    client: Client, brought: Checkpoint
) -> None:
    assert "data-compare" in client.get(f"/checkpoints/{brought.pk}/").content.decode()
