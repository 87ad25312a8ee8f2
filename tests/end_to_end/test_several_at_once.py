"""Two users, several searches, several workers, all at once."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect

from tests.end_to_end.conftest import profile
from tests.end_to_end.installation import Espalier, installation
from tests.end_to_end.watching import (
    FEW_IMAGES,
    MINUTES,
    PASSWORD,
    check_page,
    launch,
    make_first_account,
    post,
    sign_in,
)

SMALL: dict[str, Any] = {
    "trials": 2,
    "data": FEW_IMAGES,
    "recipe": {"epochs": 2, "learning_rate": 0.1},
}


def test_two_users_with_two_searches_each_on_two_workers(
    browser: Browser, tmp_path: Path, first_start: Path
) -> None:
    two = {"ESPALIER_CPU_WORKERS": "2"}
    with (
        installation(tmp_path / "var", with_servers=False, like=first_start, **two) as espalier,
        profile(browser) as ada,
        profile(browser) as bob,
    ):
        let_both_in(espalier, ada, bob)
        searches = {
            page: [
                launch(page, espalier.address, f"{name} {seed}", seed=seed, **SMALL)
                for seed in (1, 2)
            ]
            for page, name in ((ada, "Plum"), (bob, "Quince"))
        }
        for page, own in searches.items():
            for search in own:
                watch_to_its_end(page, espalier, search)
        assert_both_workers_had_a_share(espalier)
        assert_home_lists(ada, espalier, ["Plum 2", "Plum 1"])
        assert_home_lists(bob, espalier, ["Quince 2", "Quince 1"])
        first = searches[ada][0]
        post(ada, f"{espalier.address}/api/v1/searches/{first}/shares/", {"username": "bob"})
        assert_home_lists(bob, espalier, ["Quince 2", "Quince 1", "Plum 1"])


def let_both_in(espalier: Espalier, ada: Page, bob: Page) -> None:
    make_first_account(ada, espalier.address, "ada")
    account = {"username": "bob", "password": PASSWORD}
    post(ada, f"{espalier.address}/api/v1/users/", account)
    sign_in(bob, espalier.address, "bob")


def watch_to_its_end(page: Page, espalier: Espalier, search: int) -> None:
    page.goto(f"{espalier.address}/searches/{search}/")
    expect(page.locator("#search-state")).to_have_text("Completed", timeout=4 * MINUTES)
    check_page(page, espalier)


def assert_both_workers_had_a_share(espalier: Espalier) -> None:
    rows = espalier.rows("select distinct worker from searches_trial")
    assert {worker.split("@")[0] for (worker,) in rows} == {"cpu0", "cpu1"}
    attempts = espalier.rows("select distinct attempt from searches_trial")
    assert attempts == [(1,)], "a trial was begun twice"


def assert_home_lists(page: Page, espalier: Espalier, names: list[str]) -> None:
    page.goto(espalier.address)
    for name in names:
        expect(page.get_by_role("link", name=name, exact=True)).to_be_visible()
    for stranger in {"Plum 1", "Plum 2", "Quince 1", "Quince 2"} - set(names):
        expect(page.get_by_text(stranger, exact=True)).to_have_count(0)
