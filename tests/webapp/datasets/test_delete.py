"""A data set that a search uses stays, and the refusal names the search."""

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from tests.webapp.datasets.conftest import MakeUpload, on_disk
from webapp.accounts.models import User
from webapp.datasets import services
from webapp.datasets.files import dataset_folder
from webapp.datasets.models import Dataset
from webapp.errors import ProductError
from webapp.searches.models import Search


def searches_on(dataset: Dataset, owner: User, *names: str) -> None:
    for name in names:
        Search.objects.create(owner=owner, dataset=dataset, name=name, config={}, max_trials=1)


def refusal(user: User, dataset: Dataset) -> str:
    with pytest.raises(ProductError) as raised:
        services.delete(user, dataset.pk)
    assert raised.value.code == "conflict"
    return raised.value.message


def test_one_search_is_named(alice: User, make_upload: MakeUpload) -> None:
    dataset = make_upload(name="Leaves")
    searches_on(dataset, alice, "Oaks first")
    sentence = refusal(alice, dataset)
    assert sentence.startswith("“Leaves” cannot be deleted: the search “Oaks first")
    assert sentence.endswith("uses it. Delete it first.")
    assert on_disk(dataset_folder(dataset.pk)).exists()


def test_of_many_searches_three_are_named(alice: User, make_upload: MakeUpload) -> None:
    dataset = make_upload()
    searches_on(dataset, alice, "a", "b", "c", "d", "e")
    assert "and 2 more use it. Delete them first." in refusal(alice, dataset)


def test_the_page_shows_the_refusal(
    alice: User, alice_client: Client, make_upload: MakeUpload
) -> None:
    dataset = make_upload()
    searches_on(dataset, alice, "Oaks first")
    response = alice_client.post(f"/datasets/{dataset.pk}/delete/", follow=True)
    assert "Oaks first" in str(next(iter(get_messages(response.wsgi_request)), response.content))
    assert Dataset.objects.filter(pk=dataset.pk).exists()


def test_without_searches_it_goes_with_its_files(
    alice_client: Client, make_upload: MakeUpload, django_capture_on_commit_callbacks: Any
) -> None:
    dataset = make_upload()
    with django_capture_on_commit_callbacks(execute=True):
        response = alice_client.post(f"/datasets/{dataset.pk}/delete/")
    assert response["Location"] == "/datasets/"
    assert not Dataset.objects.exists()
    assert not on_disk(dataset_folder(dataset.pk)).exists()
