"""The examples in the documentation run as they stand."""

import re
from pathlib import Path

import pytest

from search_engine.spec.settings_page import settings_page

ROOT = Path(__file__).parents[1]


@pytest.mark.thorough
@pytest.mark.parametrize("page", ["engine.md", "exports.md", "search.md"])
def test_python_examples_run(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    examples = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert examples
    for example in examples:
        exec(compile(example, page, "exec"), {})
    promised = re.findall(r"print\(.*\) +# (.*)", text)
    printed = capsys.readouterr().out
    assert all(line in printed for line in promised)


def test_the_page_of_settings_is_current() -> None:
    text = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert text == settings_page(), "python -m search_engine.spec.settings_page > docs/settings.md"
