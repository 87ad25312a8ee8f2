"""What benchmarks write into the results page."""

from pathlib import Path

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
