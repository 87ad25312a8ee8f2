"""What benchmarks write into the results page."""

from pathlib import Path

import pytest

from benchmarks.live import share_below, until_heard, until_shown
from benchmarks.results import write_section


def test_a_section_is_added_once_and_then_replaced(tmp_path: Path) -> None:
    page = tmp_path / "results.md"
    write_section("speed", "first", page)
    write_section("quality", "other", page)
    write_section("speed", r"second \1", page)
    text = page.read_text()
    assert text.startswith("# Results")
    assert "first" not in text
    assert text.index(r"second \1") < text.index("other")
    assert text.count("<!-- begin speed -->") == 1


def test_an_event_is_heard_with_the_first_frame_that_reaches_it() -> None:
    written = [[5, 1, 1, 100.0], [7, 1, 2, 100.2]]  # events 5 and 7, begun at 100.0 and 100.2 s
    heard = [[(100.1, 4), (100.3, 6), (100.5, 7)], [(100.25, 7)], [(100.4, 5)]]
    assert until_heard(written, heard) == pytest.approx([300, 300, 250, 50, 400, float("inf")])


def test_an_event_is_shown_once_its_trial_has_come_as_far() -> None:
    written = [[5, 1, 10, 100.0], [6, 2, 11, 100.1], [7, 1, 12, 100.2]]
    shown = [(1, 9, 100.05), (2, 11, 100.3), (1, 12, 100.4)]
    assert until_shown(written, shown) == pytest.approx([400, 200, 200])


def test_a_share_of_values_by_hand() -> None:
    values = [float(n) for n in range(100, 0, -1)]
    assert (share_below(values, 0.5), share_below(values, 0.99)) == (51, 100)
