"""`make screenshots` knows every page."""

from tests.end_to_end.screenshots.pages import PARAMETER, addresses, routes
from tests.end_to_end.screenshots.scene import PARAMETERS, Scene


def test_every_page_that_needs_a_number_has_an_example() -> None:
    first = {found[0] for _, route in routes() if (found := PARAMETER.findall(route))}
    assert first == set(PARAMETERS)


def test_addresses_are_filled_with_the_examples() -> None:
    scene = Scene({name: {"one": 7, "other": 8} for name in PARAMETERS}, trials={"other": 3})
    found = dict(addresses(scene))
    assert found["home"] == "/"
    assert (found["search"], found["search-other"]) == ("/searches/7/", "/searches/8/")
    assert "trial" not in found and found["trial-other"] == "/searches/8/trials/3/"
    assert found["api-docs"] == "/api/v1/docs/"
