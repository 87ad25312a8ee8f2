"""safetensors and JSON: a checkpoint's own two files, for `search_engine.load` and other readers.

The weights carry the engine's names; the description says architecture, classes and normalisation.
"""

import shutil
from pathlib import Path

from search_engine.checkpoint import DESCRIPTION, WEIGHTS, load_checkpoint
from search_engine.export.forms import Reopened, Source


class SafetensorsForm:
    """Copies the checkpoint: nothing is rewritten, so nothing can change."""

    def write(self, source: Source, folder: Path) -> tuple[str, ...]:
        for name in (WEIGHTS, DESCRIPTION):
            shutil.copyfile(source.folder / name, folder / name)
        return WEIGHTS, DESCRIPTION

    def reopen(self, folder: Path) -> Reopened:
        network = load_checkpoint(folder)
        return Reopened(network, network)
