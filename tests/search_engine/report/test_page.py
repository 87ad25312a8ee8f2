"""The whole page: sound for every search, shows the data's numbers, asks nobody for anything."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from search_engine.errors import InvalidConfig
from search_engine.objective import CostKind, CostRule, CostTerm, Objective
from tests.search_engine.report.searches import (
    CONFIG,
    Line,
    found,
    many_trials,
    parsed,
    text,
    trial,
    trials,
    written,
)

SEARCHES: dict[str, list[Line]] = {
    "empty": [],
    "one trial": trials(0.93),
    "all failed": trials(None, None, None),
    "all equal": trials(*[0.95] * 8),
    "all right": trials(1.0, 1.0),
    "ordinary": trials(0.91, None, 0.95, 0.94),
    "many": many_trials(600),
}
HOSTILE = "<script>alert('1')</script> \"&amp; \x00\x1b[31m ]]>"


@pytest.mark.parametrize("lines", SEARCHES.values(), ids=list(SEARCHES))
def test_every_search_gives_a_sound_page(tmp_path: Path, lines: list[Line]) -> None:
    page = written(tmp_path, lines)
    root = parsed(page)
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    assert "nan" not in re.findall(r'(?:d|x|y|cx|cy)="[^"]*"', page)
    assert all(link.get("href", "")[1:] in ids for link in root.iter("a"))


@pytest.mark.parametrize("lines", SEARCHES.values(), ids=list(SEARCHES))
def test_the_page_has_no_script_and_asks_no_host(tmp_path: Path, lines: list[Line]) -> None:
    page = written(tmp_path, lines)
    tags = {element.tag for element in parsed(page).iter()}
    assert not tags & {"script", "link", "img", "iframe", "object", "use", "image"}
    assert not re.search(r"https?://|@import|url\(| src=|javascript:", page)
    assert all(link.get("href", "").startswith("#") for link in found(page, "a"))


def test_the_answer_comes_first(tmp_path: Path) -> None:
    figures = text(found(written(tmp_path, trials(0.91, None, 0.95)), "dl", "figures")[0])
    assert "Best accuracy95.00 %" in figures
    assert "+5.00 points over the start network · trial 3" in figures
    assert "Trials3 of 24" in figures
    assert "2 completed · 1 failed" in figures
    assert "Time2 h 14 min" in figures
    parameters = trial(3, 0.95)["result"]["costs"]["parameters"]
    assert f"{parameters:,} parameters exactly" in figures


def test_a_best_trial_below_the_start_network_says_so(tmp_path: Path) -> None:
    page = written(tmp_path, trials(0.88))
    assert "−2.00 points against the start network" in text(parsed(page))
    assert not found(page, "span", "up")


def test_the_table_ranks_completed_trials_and_shows_their_numbers(tmp_path: Path) -> None:
    rows = found(written(tmp_path, trials(0.91, None, 0.95)), "tr")
    cells = [[text(cell) for cell in row.iter("td")] for row in rows if row.get("id")]
    assert [row[0] for row in cells] == ["3", "1", "2"]
    assert cells[0][2:4] == ["95.00 %", "+5.00"]
    assert cells[0][6:] == ["1 min 1 s", "4", "Completed"]
    assert cells[2][2] == "diverged in epoch 2"


def test_the_table_ends_after_the_best_twenty(tmp_path: Path) -> None:
    page = written(tmp_path, trials(*(0.9 + number / 1000 for number in range(30))))
    numbers = [row.get("id") for row in found(page, "tr") if row.get("id")]
    assert numbers == [f"trial-{number}" for number in range(30, 10, -1)]


def test_titles_reasons_and_names_are_shown_as_they_are_and_not_obeyed(tmp_path: Path) -> None:
    config = replace(CONFIG, data=replace(CONFIG.data, name=HOSTILE))
    page = written(tmp_path, [trial(1, None, failure=HOSTILE)], title=HOSTILE, config=config)
    assert "<script" not in page
    shown = HOSTILE.replace("\x00", "\ufffd").replace("\x1b", "\ufffd")
    assert text(found(page, "td", "reason")[0]) == shown
    assert text(found(page, "title")[0]) == f"{shown} · Espalier"


def test_reasons_of_many_failures_are_counted(tmp_path: Path) -> None:
    page = written(tmp_path, trials(*[None] * 30))
    assert text(found(page, "ul", "counts")[0]) == "30 × diverged in epoch 2"
    assert len(found(page, "td", "reason")) == 20


def test_the_same_input_gives_the_same_bytes_in_any_order_of_lines(tmp_path: Path) -> None:
    lines = trials(0.91, None, 0.95, 0.95)
    assert written(tmp_path, lines) == written(tmp_path, lines[::-1])


def test_five_thousand_trials_fit_in_a_megabyte_and_a_half(tmp_path: Path) -> None:
    assert len(written(tmp_path, many_trials(5000)).encode()) < 1_500_000


def test_a_search_without_diagnostics_has_no_baseline_and_no_entropy(tmp_path: Path) -> None:
    lines = [line | {"diagnostics": {}} for line in trials(0.91, 0.92)]
    page = text(found(written(tmp_path, lines), "main")[0])
    assert "Reward" in page
    assert "baseline" not in page
    assert "Entropy" not in page


def test_a_search_that_can_go_on_says_so(tmp_path: Path) -> None:
    assert text(found(written(tmp_path, trials(0.9), spent=False), "h1")[0]) == "Digits Paused"
    assert text(found(written(tmp_path, trials(0.9)), "h1")[0]) == "Digits Completed"


def test_where_costs_count_the_best_trial_is_that_of_the_greatest_reward(tmp_path: Path) -> None:
    terms = (CostTerm(CostKind.PARAMETERS, CostRule.TARGET, 1000.0),)
    lines = trials(0.95, 0.94)
    lines[0]["reward"] = 0.1
    page = written(tmp_path, lines, config=replace(CONFIG, objective=Objective(terms)))
    figures = text(found(page, "dl", "figures")[0])
    assert "Accuracy of the best trial94.00 %" in figures
    assert "most accurate: 95.00 %, trial 1" in figures


def test_settings_are_folded_away(tmp_path: Path) -> None:
    (details,) = found(written(tmp_path, []), "details")
    assert details.get("open") is None
    assert "learning rate0.1" in text(details)


def test_a_malformed_line_is_refused_and_the_old_report_stays(tmp_path: Path) -> None:
    before = written(tmp_path, trials(0.9))
    with pytest.raises(InvalidConfig, match="notation"):
        written(tmp_path, [{"trial": 1}])
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == before
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
