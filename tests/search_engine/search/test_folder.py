"""A search's folder: what it keeps of a comparison."""

from pathlib import Path

import pytest

from search_engine.search.folder import SearchFolder
from search_engine.spec.errors import CheckpointError
from tests.comparing import comparison


def test_a_comparison_reads_back(tmp_path: Path) -> None:
    folder = SearchFolder(tmp_path)
    assert folder.read_comparison() is None
    folder.write_comparison(comparison())
    assert folder.read_comparison() == comparison()


def test_a_damaged_comparison_is_refused_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "comparison.json").write_text('{"start": 1}')
    with pytest.raises(CheckpointError, match=r"comparison\.json"):
        SearchFolder(tmp_path).read_comparison()
