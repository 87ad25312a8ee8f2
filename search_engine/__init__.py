"""Espalier's engine: grows a network from a trained one by transformations that keep its function.

What is importable from here needs no torch: cells, search space, skeletons, transformations as
data, costs, errors. Modules, weights and training are in `search_engine.networks`, `.transforms`
and beside. `load` brings torch in when it is called.
"""

import os
from typing import TYPE_CHECKING

from search_engine import spec
from search_engine.spec import *  # noqa: F403
from search_engine.spec import errors
from search_engine.spec.errors import (
    CheckpointError,
    DatasetError,
    ExportError,
    IllegalTransformation,
    InvalidArchitecture,
    InvalidConfig,
    SearchEngineError,
    TrialFault,
)
from search_engine.spec.export_form import ExportForm, ExportKind, Precision
from search_engine.spec.export_report import ExportedFile, ExportReport
from search_engine.spec.presets import PRESETS, preset
from search_engine.spec.recipe import Recipe
from search_engine.spec.search_config import Budget, DataConfig, SearchConfig
from search_engine.version import __version__

if TYPE_CHECKING:
    from search_engine.loading import Loaded

__all__ = [
    *spec.__all__,
    "PRESETS",
    "Budget",
    "CheckpointError",
    "DataConfig",
    "DatasetError",
    "ExportError",
    "ExportForm",
    "ExportKind",
    "ExportReport",
    "ExportedFile",
    "IllegalTransformation",
    "InvalidArchitecture",
    "InvalidConfig",
    "Precision",
    "Recipe",
    "SearchConfig",
    "SearchEngineError",
    "TrialFault",
    "__version__",
    "spec",
    "errors",
    "load",
    "preset",
]


def load(path: str | os.PathLike[str], *, device: str = "cpu") -> "Loaded":
    """A checkpoint, ready to classify images; see `search_engine.loading.load`.

    Args:
        path: of its folder, or of a zip that the application gave.

    Raises:
        CheckpointError: no checkpoint, a damaged one, or one of a network that was never trained.
    """
    from search_engine import loading

    return loading.load(path, device=device)
