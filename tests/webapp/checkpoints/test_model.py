"""What the database itself holds to."""

import pytest
from django.db import IntegrityError, transaction

from tests.webapp.checkpoints.making import make
from webapp.checkpoints.models import Checkpoint, Origin
from webapp.searches.models import Search

pytestmark = pytest.mark.django_db


def test_a_search_has_one_start_checkpoint_and_any_number_of_final_ones(
    search: Search, start: Checkpoint
) -> None:
    finals = [make(search, Origin.FINAL) for _ in range(2)]
    assert all(final.trial is None for final in finals)
    with pytest.raises(IntegrityError), transaction.atomic():
        make(search, Origin.START)


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": Origin.START},
        {"trial": None},
        {"search": None},
        {"origin": "bought"},
        {"measured_on": "a device without seconds"},
        {"latency_1": 1.0, "latency_64": 1.0, "memory": 1},
    ],
)
def test_a_row_that_contradicts_itself_is_refused(
    wrong: dict[str, object], grown: Checkpoint
) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Checkpoint.objects.filter(pk=grown.pk).update(**wrong)


def test_a_search_can_start_from_networks_that_have_grown_too(
    start: Checkpoint, grown: Checkpoint
) -> None:
    assert (start.can_start, grown.can_start) == (True, True)


def test_a_title_follows_the_searchs_name(search: Search, grown: Checkpoint) -> None:
    search.name = "Pears"
    grown.search = search
    assert grown.title == "Trial 1 of Pears"
    grown.name = "My pear"
    assert str(grown) == "My pear"
