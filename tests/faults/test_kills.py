"""Whatever is killed, whenever: every trial counts once, and all comes out as if nothing had been.

`make faults` kills a hundred times; ESPALIER_FAULTS says how often else.
"""

import os
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.installation import Espalier, installation
from tests.end_to_end.without_browser import SignedIn
from tests.faults.killing import Besieged, User, wait_for

KILLS = int(os.environ.get("ESPALIER_FAULTS", "12"))
PASSWORD = "a long walk among pear trees"
SEARCH = {
    "name": "Besieged",
    "preset": "digits-demo",
    "config": {
        "data": {"name": "digits", "validation": 150, "calibration": 50, "train_limit": 400},
        "skeleton": {"blocks": 1},
        "strategy": "grow",
        "strategy_settings": {},
        "start_recipe": {"epochs": 3, "learning_rate": 0.1},
        "start_rounds": {"max_rounds": 1},
        "recipe": {"epochs": 4, "learning_rate": 0.1},
        "budget": {"max_trials": 10},
        "confirmation": {"finalists": 1, "seeds": 2},
        "parallel": 1,
    },
}
FINAL = {"recipe": {"epochs": 8, "batch_size": 32}}

pytestmark = pytest.mark.slow


@pytest.fixture(params=[False, True], ids=["SQLite", "PostgreSQL and Redis"])
def espalier(
    request: pytest.FixtureRequest, tmp_path: Path, first_start: Path
) -> Iterator[Espalier]:
    folder = tmp_path / "var"
    with installation(folder, with_servers=request.param, like=first_start) as running:
        yield running


def test_whatever_is_killed_all_comes_out_as_if_nothing_had_been(espalier: Espalier) -> None:
    user = User(espalier, token_of(espalier))
    undisturbed = run(user, None)
    besieged = Besieged(espalier, random.Random(12))
    disturbed = run(user, besieged)
    print(f"killed {dict(besieged.killed)}, {besieged.starts} starts, {user.resumed} resumed")
    assert besieged.killed.total() >= KILLS
    assert disturbed == undisturbed


def run(user: User, besieged: Besieged | None) -> dict[str, Any]:
    """A search that grows in generations, and a final training of its best; what came of them."""
    user.read.clear()
    key = "quiet" if besieged is None else "besieged"
    search = user.ask(lambda api: api.post("/searches/", SEARCH, Idempotency_Key=key))
    path = f"/searches/{search['id']}/"

    def look() -> Any:
        user.read_log("search", search["id"])
        return user.look(path)

    # The last third is kept for the final training.
    ended, died = wait_for(look, besieged, KILLS * 2 // 3)
    assert ended["state"] == "completed", ended
    wanted = {"search": search["id"], "trial": ended["best_trial"], "config": FINAL}
    training = user.ask(lambda api: api.post("/final-trainings/", wanted, Idempotency_Key=key))

    def look_at_training() -> Any:
        user.read_log("search", search["id"])
        return user.look(f"/final-trainings/{training['id']}/")

    trained, more = wait_for(look_at_training, besieged, KILLS - died)
    assert trained["state"] == "completed", trained
    for _ in range(KILLS - died - more if besieged else 0):
        besieged.kill_one()  # type: ignore[union-attr]
        look_at_training()
    user.read_log("search", search["id"])
    check_log(user.read["search"])
    return {**trials_of(user, search["id"]), "final": final_of(trained)}


def check_log(log: dict[int, str]) -> None:
    """It has no gap, and what counts has happened once."""
    assert sorted(log) == list(range(1, max(log) + 1))
    kinds = list(log.values())
    for once in ("search.completed", "start_network.completed", "final_training.completed"):
        assert kinds.count(once) == 1
    assert kinds.count("trial.completed") == kinds.count("trial.created")


def trials_of(user: User, search: int) -> dict[str, Any]:
    """Cells, seeds, accuracies and rewards, each trial once."""
    rows = user.espalier.rows(
        "SELECT number, role, parent, seed, notation, state, accuracy, reward FROM searches_trial"
        f" WHERE search_id = {search} ORDER BY number"
    )
    assert [row[0] for row in rows] == list(range(1, len(rows) + 1))
    compared = user.ask(lambda api: api.get(f"/searches/{search}/live/"))["comparison"]
    return {"trials": rows, "comparison": _without_times(compared)}


def final_of(trained: Any) -> dict[str, Any]:
    return {name: trained[name] for name in ("accuracy", "test_accuracy", "parameters")}


def _without_times(value: Any) -> Any:
    """What a clock has measured is never twice the same."""
    if isinstance(value, dict):
        timed = re.compile("seconds|latency|per_second|memory")
        return {k: _without_times(v) for k, v in value.items() if not timed.search(k)}
    return [_without_times(one) for one in value] if isinstance(value, list) else value


def token_of(espalier: Espalier) -> str:
    """The first account's, which is made here."""
    browser = SignedIn(espalier.address)
    browser.submit("/setup/", username="ada", password1=PASSWORD, password2=PASSWORD)
    page = browser.submit("/account/tokens/", name="faults", lifetime_days="90")
    found = re.search(r"esp_[\w-]{20,}", page)
    assert found is not None
    return found[0]
