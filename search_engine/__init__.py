"""Espalier's engine: grows a network from a trained one by transformations that keep its function.

What is importable from here needs no torch: cells, search space, skeletons, transformations as
data, costs, errors. Modules, weights and training are in `search_engine.networks`, `.transforms`
and beside.
"""

from search_engine import architecture, config, errors
from search_engine.architecture import *  # noqa: F403
from search_engine.config import Budget, DataConfig, SearchConfig
from search_engine.errors import (
    CheckpointError,
    DatasetError,
    IllegalTransformation,
    InvalidArchitecture,
    InvalidConfig,
    SearchEngineError,
    TrialFault,
)
from search_engine.presets import PRESETS, preset
from search_engine.training import Recipe
from search_engine.version import __version__

__all__ = [
    *architecture.__all__,
    "PRESETS",
    "Budget",
    "CheckpointError",
    "DataConfig",
    "DatasetError",
    "IllegalTransformation",
    "InvalidArchitecture",
    "InvalidConfig",
    "Recipe",
    "SearchConfig",
    "SearchEngineError",
    "TrialFault",
    "__version__",
    "architecture",
    "config",
    "errors",
    "preset",
]
