"""The list, the page of one checkpoint, and the way to a search that starts from it."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from search_engine.spec.search_config import SearchConfig
from tests.webapp.checkpoints.making import make
from tests.webapp.conftest import browser
from tests.webapp.searches.driving import work
from webapp.accounts.models import User
from webapp.checkpoints.models import Checkpoint, Origin
from webapp.live import log
from webapp.number_filters import (
    accuracy,
    mebibytes,
    milliseconds,
    short_count,
)
from webapp.searches import services
from webapp.searches.forms import LaunchForm
from webapp.searches.models import Search

pytestmark = pytest.mark.django_db


def listed(client: Client, query: str = "") -> list[int]:
    """Ids in the order of the list."""
    page = client.get(f"/checkpoints/?{query}").content.decode()
    return [int(pk) for pk in re.findall(r'href="/checkpoints/(\d+)/" data-notation', page)]


def test_an_empty_list_says_where_checkpoints_come_from(client: Client) -> None:
    page = client.get("/checkpoints/").content.decode()
    assert "A search keeps its start network" in page


def test_the_header_leads_to_the_list(client: Client) -> None:
    assert 'href="/checkpoints/"' in client.get("/").content.decode()


def test_the_list_is_filtered_and_ordered_by_its_address(
    client: Client, search: Search, start: Checkpoint, grown: Checkpoint
) -> None:
    final = make(search, Origin.FINAL, accuracy=0.9)
    assert listed(client) == [final.pk, grown.pk, start.pk]
    assert listed(client, "origin=trial") == [grown.pk]
    assert listed(client, "order=-accuracy")[0] == final.pk
    assert listed(client, "name=conv1x1") == [grown.pk]
    assert listed(client, "dataset=digits&origin=final") == [final.pk]
    assert listed(client, "dataset=cifar10") == []
    assert listed(client, "min_accuracy=0.8") == [final.pk]


def measure(checkpoint: Checkpoint, seconds: float, device: str) -> None:
    columns = {"latency_1": seconds, "latency_64": 40 * seconds, "memory": int(1e9 * seconds)}
    Checkpoint.objects.filter(pk=checkpoint.pk).update(**columns, measured_on=device)


def test_latencies_order_the_list_with_the_device_beside_them(
    client: Client, search: Search, start: Checkpoint, grown: Checkpoint
) -> None:
    final = make(search, Origin.FINAL)
    measure(start, 0.0021, "AMD EPYC, 1 thread")
    assert listed(client, "order=latency_1") == [start.pk, final.pk, grown.pk]
    page = client.get("/checkpoints/").content.decode()
    assert "2.10 <small>ms</small>" in page and "84.0 <small>ms</small>" in page
    assert ">AMD EPYC, 1 thread</td>" in page and 'name="measured_on"' not in page
    measure(final, 0.0005, "NVIDIA H100")
    assert listed(client, "order=memory") == [final.pk, start.pk, grown.pk]
    assert listed(client, "max_latency_64=0.05") == [final.pk]
    assert listed(client, "max_latency_1=1&max_memory=1e6&order=latency_64") == [final.pk]
    assert listed(client, "measured_on=AMD+EPYC,+1+thread") == [start.pk]
    assert "<option>NVIDIA H100</option>" in client.get("/checkpoints/").content.decode()


def test_a_filter_that_makes_no_sense_filters_nothing(client: Client, start: Checkpoint) -> None:
    assert listed(client, "origin=bought&order=sideways&min_accuracy=much") == [start.pk]


def test_long_lists_come_in_pages_that_keep_the_filter(
    client: Client, search: Search, grown: Checkpoint
) -> None:
    rows = [
        Checkpoint(
            owner_id=search.owner_id,
            origin=Origin.FINAL,
            search=search,
            folder=f"f{number}",
            parameters=1,
            multiply_adds=1,
            bytes=1,
            description=grown.description,
        )
        for number in range(60)
    ]
    Checkpoint.objects.bulk_create(rows)
    page = client.get("/checkpoints/?origin=final").content.decode()
    assert 'href="?origin=final&amp;page=2"' in page
    assert len(listed(client, "origin=final&page=2")) == 10


def test_queries_of_the_list_do_not_grow_with_it(
    client: Client, search: Search, grown: Checkpoint
) -> None:
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get("/checkpoints/")
        counts.append(len(queries))
        for origin in (Origin.TRIAL, Origin.FINAL) * 2:
            make(search, origin)
    assert counts[0] == counts[1]


def test_the_page_shows_what_is_known(client: Client, grown: Checkpoint) -> None:
    page = client.get(f"/checkpoints/{grown.pk}/").content.decode()
    assert "Trial 1 of Digits" in page and "50.00 <small>%</small>" in page
    assert grown.sha256 in page and "add[G3x3, G3x3 -&gt; [conv1x1]]" in page
    assert f'href="/searches/{grown.search_id}/trials/1/"' in page
    assert all(f"<small>{digit}</small> {digit}</li>" in page for digit in range(10))


def test_webassembly_may_be_compiled_on_this_page_and_nothing_else_is_weaker(
    client: Client, start: Checkpoint
) -> None:
    here = client.get(f"/checkpoints/{start.pk}/")["Content-Security-Policy"]
    elsewhere = client.get("/checkpoints/")["Content-Security-Policy"]
    without = re.sub(r"'nonce-[^']*'", "", here).replace(" 'wasm-unsafe-eval'", "")
    assert "'wasm-unsafe-eval'" in here and "unsafe" not in elsewhere and "unsafe" not in without
    assert set(map(str.strip, without.split(";"))) == set(
        map(str.strip, re.sub(r"'nonce-[^']*'", "", elsewhere).split(";"))
    )


def test_a_start_network_leads_to_the_form_filled_for_it(
    client: Client, alice: User, search: Search, start: Checkpoint
) -> None:
    link = f"/searches/new/?checkpoint={start.pk}"
    assert f'href="{link}"' in client.get(f"/checkpoints/{start.pk}/").content.decode()
    form: LaunchForm = client.get(link).context["form"]
    values = {name: form[name].value() for name in form.fields}
    assert values["start_checkpoint"] == start.pk
    sent = {name: value for name, value in values.items() if value is not None}
    answer = client.post(link, sent)
    assert answer.status_code == 302, answer.context["form"].errors
    begun = Search.objects.exclude(pk=search.pk).get()
    assert (begun.start_checkpoint_id, begun.preset) == (start.pk, "")


def test_a_search_from_a_checkpoint_trains_no_start_network(
    search: Search, start: Checkpoint
) -> None:
    config = SearchConfig.from_json(search.config)
    begun, _ = services.launch(search.owner, config, name="Again", start_checkpoint=start)
    work(begun, trials=0)
    assert begun.is_start_ready
    assert "start_network.progress" not in log.events(begun.topic).values_list("kind", flat=True)


def test_a_grown_network_leads_to_the_form_too(client: Client, grown: Checkpoint) -> None:
    link = f"/searches/new/?checkpoint={grown.pk}"
    assert f'href="{link}"' in client.get(f"/checkpoints/{grown.pk}/").content.decode()
    form: LaunchForm = client.get(link).context["form"]
    assert form["start_checkpoint"].value() == grown.pk
    assert form["strategy"].value() == "grow"


def test_from_a_network_that_fits_no_space_the_way_leads_to_the_one_that_it_grew_from(
    client: Client, start: Checkpoint, grown: Checkpoint
) -> None:
    Checkpoint.objects.filter(pk=grown.pk).update(can_start=False)
    page = client.get(f"/checkpoints/{grown.pk}/").content.decode()
    assert f'href="/searches/new/?checkpoint={start.pk}"' in page
    assert "Start a search from its start network" in " ".join(page.split())
    form: LaunchForm = client.get(f"/searches/new/?checkpoint={grown.pk}").context["form"]
    assert form["start_checkpoint"].value() is None


def test_one_may_start_from_what_is_shared_but_not_from_what_is_not(
    start: Checkpoint, bob: User, charlie: User
) -> None:
    shown = [
        browser(user).get(f"/searches/new/?checkpoint={start.pk}").context["start"]
        for user in (bob, charlie)
    ]
    assert shown == [start, None]


def test_numbers_are_short_and_have_their_units() -> None:
    assert [short_count(count) for count in (0, 999, 612_345, 999_999, 1_230_000)] == [
        "0",
        "999",
        "612\u202fK",
        "1.00\u202fM",
        "1.23\u202fM",
    ]
    assert accuracy(0.94631) == "94.63 <small>%</small>"
    assert accuracy(0.94631, 300) == "94.6 <small>% ± 1.3</small>"
    assert [milliseconds(seconds) for seconds in (0.00084, 0.0123, 2.5, None)] == [
        "0.84 <small>ms</small>",
        "12.3 <small>ms</small>",
        "2,500 <small>ms</small>",
        "–",
    ]
    assert mebibytes(1_300_000) == "1.24 <small>MiB</small>"
    assert accuracy(None) == "–"
