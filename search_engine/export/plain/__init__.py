"""A network written out as one readable Python file that needs nothing but torch."""

from search_engine.export.plain.program import write_program
from search_engine.export.plain.weights import plain_state

__all__ = ["plain_state", "write_program"]
