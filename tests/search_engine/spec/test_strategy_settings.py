"""Settings of strategies, judged with the config and before anything trains."""

import json
import subprocess
import sys

import pytest

from search_engine.spec.errors import InvalidConfig
from search_engine.spec.presets import digits_demo
from search_engine.spec.search_config import STRATEGIES, SearchConfig
from search_engine.spec.strategy_settings import KINDS, settings_of


def test_every_strategy_has_settings() -> None:
    assert set(KINDS) == set(STRATEGIES)


@pytest.mark.parametrize(
    ("strategy", "given", "reason"),
    [
        ("reinforce", {"warmth": 1.0}, "unknown field 'warmth'"),
        ("reinforce", {"batch": 2.5}, "batch: expected a whole number 1 or more, got 2.5"),
        ("reinforce", {"learning_rate": 0.0}, "learning_rate: expected a number above 0"),
        ("evolution", {"tournament": 60.0}, "tournament: expected 1 to 50, got 60"),
        ("random", {"seed": 1.0}, "unknown field 'seed'"),
    ],
)
def test_a_config_refuses_what_its_strategy_would(
    strategy: str, given: dict[str, float], reason: str
) -> None:
    with pytest.raises(InvalidConfig, match=reason) as caught:
        SearchConfig(strategy=strategy, strategy_settings=tuple(given.items()))
    assert caught.value.field.startswith("strategy_settings")


def test_whole_numbers_come_as_floats_from_json() -> None:
    document = json.loads(json.dumps(digits_demo().to_json()))
    document["strategy_settings"] = {"batch": 5.0, "learning_rate": 1}
    settings = dict(SearchConfig.from_json(document).strategy_settings)
    assert settings == {"batch": 5.0, "learning_rate": 1}
    assert settings_of("reinforce", settings)


def test_judging_them_needs_no_torch() -> None:
    program = (
        "import sys; from search_engine.spec.search_config import SearchConfig;"
        "SearchConfig(strategy_settings=(('batch', 5),)); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0
