"""Lists of the API give the rows that a page asks for by their ids."""

from typing import Any

import pytest
from django.test import Client

from tests.webapp.searches.conftest import Launch
from webapp.searches.models import Search

pytestmark = pytest.mark.django_db


def listed(client: Client, ids: str) -> list[int]:
    rows: list[dict[str, Any]] = client.get("/api/v1/searches/", {"ids": ids}).json()["results"]
    return [row["id"] for row in rows]


def test_only_those_that_are_named_come(
    search: Search, launch: Launch, alice_client: Client
) -> None:
    other = launch()
    assert listed(alice_client, f"{other.pk}") == [other.pk]
    assert listed(alice_client, f"{other.pk},{search.pk}") == [other.pk, search.pk]


def test_who_may_not_see_a_row_gets_none(search: Search, charlie_client: Client) -> None:
    assert listed(charlie_client, f"{search.pk}") == []


@pytest.mark.parametrize("ids", ["", "1,", "a", "-1", "1;2", ",".join("1" * 201)])
def test_what_are_no_ids_is_refused(ids: str, alice_client: Client) -> None:
    answer = alice_client.get("/api/v1/searches/", {"ids": ids})
    assert answer.status_code == 400
    assert "ids" in answer.json()["fields"]
