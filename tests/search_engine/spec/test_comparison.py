"""A comparison as data: gains by hand, verdicts, JSON and back."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_engine.spec.comparison import (
    MAX_CHANGED,
    Comparison,
    Contender,
    Gain,
    Verdict,
    recalls_of,
)
from search_engine.spec.errors import InvalidConfig
from tests.comparing import LABELS, OTHER, WINNER, comparison

hits = st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(0, 2)), min_size=1)


def test_a_gain_by_hand() -> None:
    gain = Gain.between(WINNER, OTHER, LABELS, classes=4)
    assert gain.difference == pytest.approx(0.2)  # 4 of 5 right against 3
    assert (gain.improved.count, gain.improved.indexes) == (2, (1, 4))
    assert (gain.worsened.count, gain.worsened.indexes) == (1, (3,))
    # Class 0: 2 of 2 against 1; 1: 1 of 1 as well; 2: 1 of 2 as well; of 3 there is no image.
    assert gain.by_class == (0.5, 0.0, 0.0, None)
    assert gain.p_value == 1.0
    assert gain.verdict is Verdict.ALIKE


def test_recalls_by_hand() -> None:
    assert recalls_of(WINNER, LABELS, classes=4) == (1.0, 1.0, 0.5, None)


def test_of_many_images_that_changed_the_first_are_named() -> None:
    images = 3 * MAX_CHANGED
    gain = Gain.between([True] * images, [False] * images, [0] * images, classes=1)
    assert gain.improved.count == images
    assert gain.improved.indexes == tuple(range(MAX_CHANGED))
    assert gain.worsened.indexes == ()
    assert gain.verdict is Verdict.BETTER


@given(hits)
def test_gains_turn_with_the_networks(images: list[tuple[bool, bool, int]]) -> None:
    ours, theirs, labels = (list(column) for column in zip(*images, strict=True))
    gain, turned = (Gain.between(*pair, labels, 3) for pair in ((ours, theirs), (theirs, ours)))
    assert turned.difference == -gain.difference
    assert (turned.low, turned.high) == pytest.approx((-gain.high, -gain.low))
    assert turned.p_value == gain.p_value
    assert (turned.improved, turned.worsened) == (gain.worsened, gain.improved)
    opposite = {Verdict.BETTER: Verdict.WORSE, Verdict.WORSE: Verdict.BETTER}
    assert turned.verdict is opposite.get(gain.verdict, Verdict.ALIKE)


@given(hits)
def test_a_network_is_like_itself(images: list[tuple[bool, bool, int]]) -> None:
    ours, _, labels = (list(column) for column in zip(*images, strict=True))
    gain = Gain.between(ours, ours, labels, 3)
    assert (gain.difference, gain.p_value, gain.verdict) == (0, 1, Verdict.ALIKE)
    assert gain.improved.count == gain.worsened.count == 0


def test_what_follows_from_a_contender_s_numbers() -> None:
    one = Contender(
        trial=3,
        accuracy=0.9,
        images=10_000,
        recalls=(1.0, 0.5, None),
        parameters=10,
        multiply_adds=20,
    )
    assert one.balanced_accuracy == 0.75
    assert one.standard_error == pytest.approx(0.003)


@pytest.mark.parametrize("with_control", [True, False])
def test_a_comparison_survives_json(with_control: bool) -> None:
    before = comparison(with_control=with_control)
    document = json.loads(json.dumps(before.to_json()))
    assert Comparison.from_json(document) == before
    assert (document["control"] is None, document["gain"] is None) == (not with_control,) * 2


def test_the_json_has_what_readers_look_for() -> None:
    document = comparison().to_json()
    for name in ("start", "control", "winner"):
        wanted = {"accuracy", "images", "parameters", "multiply_adds", "balanced_accuracy"}
        assert wanted | {"standard_error", "trial", "recalls"} <= set(document[name])
    for name in ("gain", "gain_over_start"):
        assert {"difference", "low", "high", "p_value", "verdict"} <= set(document[name])
    assert document["gain"]["verdict"] == "alike"


POINTS = "on 5 test images that nobody chose by."


@pytest.mark.parametrize(
    ("gain", "sentence"),
    [
        ((0.0234, 0.0161, 0.0301), f"is ahead of the control by 2.3 points (1.6 to 3.0) {POINTS}"),
        ((-0.0118, -0.018, -0.0056), f"is behind the control by 1.2 points (0.6 to 1.8) {POINTS}"),
        (
            (-0.001, -0.006, 0.004),
            f"cannot be told apart from the control: −0.1 points (−0.6 to 0.4) {POINTS}",
        ),
        (
            (0.0012, 0.0004, 0.002),
            f"is ahead of the control by 0.12 points (0.04 to 0.20) {POINTS}",
        ),
    ],
)
def test_the_sentence_says_by_how_much_or_that_nobody_can_tell(
    gain: tuple[float, float, float], sentence: str
) -> None:
    before = comparison()
    assert before.gain is not None
    difference, low, high = gain
    changed = replace(before.gain, difference=difference, low=low, high=high)
    assert replace(before, gain=changed).sentence == f"The grown network {sentence}"


def test_without_a_control_no_gain_is_claimed() -> None:
    said = comparison(with_control=False).sentence
    assert said == (
        "The grown network tells 80.0 % ± 17.9 of 5 test images right."
        " There was no control, so no gain is claimed."
    )


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"winner": None}, "winner"),
        ({"version": 2}, "version"),
        ({"gain": {"difference": 0.1}}, "gain"),
    ],
)
def test_a_malformed_comparison_is_refused(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidConfig) as raised:
        Comparison.from_json({**comparison().to_json(), **changes})
    assert field in raised.value.field


def test_a_worse_winner_is_called_so() -> None:
    gain = replace(Gain.between(WINNER, OTHER, LABELS, classes=4), low=-0.2, high=-0.1)
    assert gain.verdict is Verdict.WORSE
