"""Alice owns a search, Bob may look at it, Charlie is a stranger: as for searches."""

from tests.webapp.searches.conftest import digits, launch, own_files, search

__all__ = ["digits", "launch", "own_files", "search"]
