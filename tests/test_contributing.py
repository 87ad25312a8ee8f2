"""CONTRIBUTING.md names places that there are, and no list lacks what another has."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from search_engine.data.catalogue import CATALOGUE, available_datasets
from search_engine.export.build import _FORMATS
from search_engine.networks import _FAMILIES
from search_engine.spec import FAMILIES, Operation
from search_engine.spec.export_form import ExportKind
from search_engine.spec.strategy_settings import KINDS
from search_engine.strategies import STRATEGIES
from webapp.checkpoints.models import ExportFormat
from webapp.work import kinds

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
PLACES = sorted(set(re.findall(r"`((?:\w+/)+[\w.]*)`", TEXT)))


@pytest.mark.parametrize("place", PLACES)
def test_a_place_that_is_named_is_there(place: str) -> None:
    assert (ROOT / place).exists()


def test_pages_know_every_operation_and_its_hue() -> None:
    script = "import {OPERATIONS} from './static/js/domain/operations.js';"
    answer = subprocess.run(
        ["node", "--input-type=module", "-e", f"{script} console.log(JSON.stringify(OPERATIONS))"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    shown = json.loads(answer.stdout)
    assert {name: each["symbol"] for name, each in shown.items()} == {
        operation.value: operation.symbol for operation in Operation
    }
    tokens = (ROOT / "static/css/tokens.css").read_text(encoding="utf-8")
    assert all(f"--op-{each['hue']}:" in tokens for each in shown.values())


def test_every_family_becomes_a_module() -> None:
    assert set(_FAMILIES) == {*FAMILIES, "adopted"}


def test_every_strategy_has_its_settings_declared() -> None:
    assert set(STRATEGIES) == set(KINDS)


def test_every_data_set_of_the_catalogue_is_listed() -> None:
    assert {each.name for each in available_datasets()} == set(CATALOGUE)


def test_every_kind_of_export_is_built_and_has_a_name_for_people() -> None:
    assert {kind.value for kind in _FORMATS} == set(ExportFormat.values)
    assert set(_FORMATS) == set(ExportKind)


def test_every_kind_of_work_keeps_the_contract() -> None:
    texts = (
        path.read_text(encoding="utf-8") for path in (ROOT / "tests/webapp").rglob("test_*.py")
    )
    contracts = "\n".join(text for text in texts if "(WorkContract)" in text)
    without = [
        kind.name
        for kind in kinds.every()
        if not re.search(rf"def row\([^)]*\) -> {kind.rows.__name__}:", contracts)
    ]
    assert without == []
