"""A torch.export program: one file that PyTorch runs without any of Espalier's code.

It is what PyTorch offers in TorchScript's place, which it has deprecated; `torch.export.load` reads
it, and AOTInductor and ExecuTorch start from it.
"""

import json
import warnings
from pathlib import Path

import torch

from search_engine.export.forms import Reopened, Source

NAME = "network.pt2"
ABOUT = "espalier.json"
"""What `torch.export.load(path, extra_files={"espalier.json": ""})` fills in."""


class ProgramForm:
    """Writes and reads torch.export programs with a dynamic batch."""

    def write(self, source: Source, folder: Path) -> tuple[str, ...]:
        image = source.about.image
        example = torch.zeros(2, image.channels, image.height, image.width)
        batch = torch.export.Dim("batch", min=1)
        about = json.dumps(source.about.properties())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the exporter's own parts
            program = torch.export.export(source.plain, (example,), dynamic_shapes=({0: batch},))
            torch.export.save(program, folder / NAME, extra_files={ABOUT: about})
        return (NAME,)

    def reopen(self, folder: Path) -> Reopened:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a buffer that torch reads from the file
            module = torch.export.load(folder / NAME).module()
        return Reopened(module, module)
