"""One word for one thing: words that the glossary rules out stand in no name and no JSON key.

And no line of the front end is longer than a screen is wide.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FORBIDDEN = re.compile(
    r"(^|_)(study|studies|experiment|genotype|backbone|meta_controller|candidate|fitness"
    r"|split_type|merge_type|snapshot|artifact|job|canceled)s?(_|$)"
)
LONGEST_LINE = 120
FRONT_END = [
    path
    for folder, kind in (("templates", "*"), ("static/css", "*.css"), ("static/js", "*.js"))
    for path in (ROOT / folder).rglob(kind)
    if path.is_file()
]
FILES = [path for folder in ("search_engine", "webapp") for path in (ROOT / folder).rglob("*.py")]


def words(tree: ast.AST) -> Iterator[str]:
    """Every identifier, imported names apart, and every key that is a string."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            keys = [key.value for key in node.keys if isinstance(key, ast.Constant)]
            yield from (key for key in keys if isinstance(key, str))
        if not isinstance(node, ast.alias):
            names = (getattr(node, field, None) for field in ("id", "attr", "arg", "name"))
            yield from (name for name in names if isinstance(name, str))


def forbidden(source: str) -> list[str]:
    found = words(ast.parse(source))
    snake = {word: re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", word).lower() for word in found}
    return [word for word, parts in snake.items() if FORBIDDEN.search(parts)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_name_is_a_word_that_the_glossary_rules_out(path: Path) -> None:
    assert forbidden(path.read_text(encoding="utf-8")) == []


def test_the_rule_finds_forbidden_words() -> None:
    source = 'class JobRunner:\n  def f(self, best_candidate): self.snapshots = {"fitness": 1}'
    assert set(forbidden(source)) == {"JobRunner", "best_candidate", "snapshots", "fitness"}
    assert forbidden("import job\nsplit_types_of = objective = jobless = 1") == ["split_types_of"]


@pytest.mark.parametrize("path", FRONT_END, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_line_of_the_front_end_is_too_long(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if len(line) > LONGEST_LINE] == []
