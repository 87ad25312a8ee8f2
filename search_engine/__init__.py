"""Espalier's engine: grows a network from a trained one by transformations that keep its function.

What is importable from here needs no torch: cells, search space, skeletons, transformations as
data, costs, errors. Modules, weights and training are in `search_engine.networks`, `.transforms`
and beside.
"""

from search_engine import architecture, errors
from search_engine.architecture import *  # noqa: F403
from search_engine.errors import (
    CheckpointError,
    IllegalTransformation,
    InvalidArchitecture,
    InvalidConfig,
    SearchEngineError,
)

__version__ = "0.1.0"

__all__ = [
    *architecture.__all__,
    "CheckpointError",
    "IllegalTransformation",
    "InvalidArchitecture",
    "InvalidConfig",
    "SearchEngineError",
    "architecture",
    "errors",
]
