"""Charts: axes, points, what stands in their accessible names."""

import re
from pathlib import Path

import pytest

from search_engine.report.plot import Plot
from search_engine.report.scales import Axis, axis_over, trial_ticks, upper_part
from tests.search_engine.report.searches import Line, found, trial, trials, written


def chart(page: str, start: str) -> str:
    """The accessible name of the chart whose name starts so."""
    names = [svg.get("aria-label", "") for svg in found(page, "svg", "plot")]
    return next(name for name in names if name.startswith(start))


def costing(number: int, accuracy: float, parameters: int) -> Line:
    return trial(number, accuracy, costs={"parameters": parameters, "multiply_adds": 1})


def test_the_front_holds_the_trials_that_no_other_beats(tmp_path: Path) -> None:
    # 2 is beaten by 1 (cheaper, as good), 4 by 3 (as cheap, better).
    lines = [costing(1, 0.91, 1000), costing(2, 0.91, 2000), costing(3, 0.95, 3000)]
    page = written(tmp_path, [*lines, costing(4, 0.94, 3000)])
    front = chart(page, "Accuracy against parameters")
    assert re.findall(r"Trial (\d+): ([\d.]+) %", front) == [("1", "91.00"), ("3", "95.00")]
    marks = [text.text for text in found(page, "text", "front-text")]
    assert marks[:2] == ["3", "1"]


def test_latency_and_memory_have_charts_where_they_were_measured(tmp_path: Path) -> None:
    costs = {"parameters": 1000, "multiply_adds": 1}
    measured = costs | {"latency_1": 0.000482, "latency_64": 0.0125, "memory": 3 * 2**20}
    lines = [trial(1, 0.91, costs=costs), trial(2, 0.95, costs=measured)]
    page = written(tmp_path, lines)
    front = re.compile(r"Accuracy against (\w+)\. .* Trial 2: 95\.00 %, ([\d.]+) (\w+)$")
    names = [svg.get("aria-label", "") for svg in found(page, "svg", "plot")]
    values = [match.groups() for name in names if (match := front.match(name))]
    assert values[-3:] == [("ms", "0.482", "ms"), ("ms", "12.5", "ms"), ("MiB", "3", "MiB")]
    assert "against latency" in page
    assert "against latency" not in written(tmp_path, lines[:1])


def test_the_accuracy_chart_names_its_result(tmp_path: Path) -> None:
    page = written(tmp_path, trials(0.91, None, 0.95))
    expected = "Accuracy of 2 trials; start network 90.00 %; best 95.00 %, trial 3"
    assert chart(page, "Accuracy of") == expected


def test_each_failed_trial_has_a_stroke_at_the_bottom(tmp_path: Path) -> None:
    (rug,) = found(written(tmp_path, trials(0.91, None, None, 0.95)), "path", "failure")
    assert rug.get("d") == "M333.3 965V1000M666.7 965V1000"


def test_shares_at_the_end_add_up_to_all(tmp_path: Path) -> None:
    name = chart(written(tmp_path, trials(*[0.9] * 40)), "Share of each operation")
    assert sum(int(share) for share in re.findall(r"(\d+) %", name)) == pytest.approx(100, abs=4)


def test_baseline_and_entropy_are_those_of_the_diagnostics(tmp_path: Path) -> None:
    page = written(tmp_path, trials(0.91, 0.92))
    assert "the baseline from 6 to 7" in chart(page, "Reward")
    assert chart(page, "Entropy") == "Entropy from 8.9 to 8.8"


def test_steps_keep_a_value_up_to_the_next_point() -> None:
    plot = Plot(Axis(0, 10), Axis(0, 1))
    assert 'd="M100 1000H200V500H1000"' in plot.steps([(1, 0.0), (2, 0.5)], end=10)


def test_many_dots_are_a_few_paths() -> None:
    plot = Plot(Axis(0, 999), Axis(0, 1))
    drawn = plot.dots([(float(x), 0.5) for x in range(1000)], [""] * 1000)
    assert drawn.count("<path") == 4
    assert drawn.count("h0") == 1000


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [(0.885, 0.955, [0.9, 0.92, 0.94]), (0.0, 1.0, [0.0, 0.5, 1.0]), (0.0, 9.0, [0, 2.5, 5, 7.5])],
)
def test_ticks_are_round(low: float, high: float, ticks: list[float]) -> None:
    assert Axis(low, high).ticks(4) == pytest.approx(ticks)


@pytest.mark.parametrize("value", [0.0, 1.0, 0.95, 1e9])
def test_an_axis_over_equal_values_has_room(value: float) -> None:
    axis = axis_over([value, value])
    assert axis.low < value < axis.high
    assert axis.share(value) == pytest.approx(0.5)


def test_outliers_far_below_are_left_out_of_the_axis() -> None:
    assert upper_part([0.1, *[0.9 + number / 1000 for number in range(20)]])[0] == 0.9


@pytest.mark.parametrize(
    ("last", "ticks"), [(0, [1]), (1, [1]), (2, [1, 2]), (60, [1, 20, 40, 60]), (5, [1, 2, 4, 5])]
)
def test_trials_are_counted_from_one_to_the_last(last: int, ticks: list[int]) -> None:
    assert trial_ticks(last) == ticks
