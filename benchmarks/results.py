"""Sections of `docs/results.md` that benchmarks write, each between two marks."""

import re
from pathlib import Path

RESULTS = Path(__file__).parents[1] / "docs" / "results.md"


def write_section(name: str, text: str, path: Path = RESULTS) -> None:
    """Replace a section of the results, or add it at the end.

    Args:
        name: of the section, such as `search_quality digits`.
        text: Markdown.
        path: of the page.
    """
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    section = f"{begin}\n{text.strip()}\n{end}"
    page = path.read_text(encoding="utf-8") if path.exists() else "# Results\n"
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    if pattern.search(page):
        page = pattern.sub(lambda _: section, page)
    else:
        page = f"{page.rstrip()}\n\n{section}\n"
    path.write_text(page, encoding="utf-8")
