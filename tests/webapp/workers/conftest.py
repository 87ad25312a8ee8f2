"""Alice owns a search, Bob may look at it, Charlie is a stranger: as for searches."""

from tests.webapp.searches.conftest import launch, own_files, search

__all__ = ["launch", "own_files", "search"]
