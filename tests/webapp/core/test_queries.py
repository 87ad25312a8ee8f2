"""Pages ask the database as often for many rows as for few."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from benchmarks.filling import USERNAME, fill
from tests.webapp.conftest import ClientOf
from webapp.datasets.models import Dataset
from webapp.state import State

FEW, MANY = 6, 60
PLACES = (
    "/",
    "/searches/{search}/",
    "/searches/{search}/trials/1/",
    "/checkpoints/",
    "/datasets/",
    "/workers/",
    "/final-trainings/",
    "/api/v1/searches/",
    "/api/v1/searches/{search}/live/",
    "/api/v1/searches/{search}/summaries/",
    "/api/v1/searches/{search}/trials/",
    "/api/v1/searches/{search}/events/",
    "/api/v1/checkpoints/",
)


@pytest.fixture
def digits(db: None) -> Dataset:
    shape = {"image_channels": 1, "image_height": 8, "image_width": 8, "image_count": 1797}
    return Dataset.objects.create(
        engine_name="digits",
        name="Digits",
        class_names=[str(digit) for digit in range(10)],
        on_disk=True,
        state=State.COMPLETED,
        **shape,
    )


def queries(client: Client, address: str) -> int:
    client.get(address)  # what is read once only, such as content types, has been read
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


@pytest.mark.parametrize("place", PLACES)
def test_a_page_asks_as_often_for_many_rows_as_for_few(
    place: str, digits: Any, client_of: ClientOf
) -> None:
    few = fill(FEW)
    client = client_of(get_user_model().objects.get(username=USERNAME))
    before = queries(client, place.format(search=few))
    many = [fill(MANY) for _ in range(3)]
    assert queries(client, place.format(search=many[-1])) == before
