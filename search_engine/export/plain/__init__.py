"""A network as one readable Python file that needs torch, and torchvision for a network of its."""

from search_engine.export.plain.program import plain_state, write_program
