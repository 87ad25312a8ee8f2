"""The formats that PyTorch runs itself: a torch.export program, a Python file, safetensors."""

import json
import shutil
import warnings
from pathlib import Path
from types import ModuleType

import torch
from safetensors.torch import save_file

from search_engine.checkpoint import DESCRIPTION, WEIGHTS, load_checkpoint
from search_engine.export.format import Reopened, Source
from search_engine.export.plain import plain_state, write_program


class TorchExportFormat:
    """One file that PyTorch runs without any of Espalier's code, for a batch of any size.

    It is what PyTorch offers in place of TorchScript, which it has deprecated; AOTInductor and
    ExecuTorch start from it.
    """

    FILE = "network.pt2"
    ABOUT = "espalier.json"
    """What `torch.export.load(path, extra_files={"espalier.json": ""})` fills in."""

    def write(self, source: Source, folder: Path) -> tuple[str, ...]:
        image = source.about.image
        example = torch.zeros(2, image.channels, image.height, image.width)
        batch = torch.export.Dim("batch", min=1)
        about = json.dumps(source.about.properties())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the exporter's own parts
            program = torch.export.export(source.plain, (example,), dynamic_shapes=({0: batch},))
            torch.export.save(program, folder / self.FILE, extra_files={self.ABOUT: about})
        return (self.FILE,)

    def reopen(self, folder: Path) -> Reopened:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a buffer that torch reads from the file
            module = torch.export.load(folder / self.FILE).module()
        return Reopened(module, module)


class PytorchFormat:
    """A readable Python file, and its weights as safetensors.

    The file reads the safetensors format itself, in twenty lines: so there is one file of weights
    for all readers, a fresh environment needs only torch (and torchvision, for a network of
    torchvision's), and nobody has to unpickle anything.
    """

    PROGRAM = "network.py"
    TENSORS = "network.safetensors"

    def write(self, source: Source, folder: Path) -> tuple[str, ...]:
        program = write_program(source.plain, source.about, self.TENSORS)
        (folder / self.PROGRAM).write_text(program, encoding="utf-8")
        save_file(plain_state(source.plain), folder / self.TENSORS)
        return self.PROGRAM, self.TENSORS

    def reopen(self, folder: Path) -> Reopened:
        # As an import would, but without a .pyc beside it.
        path = folder / self.PROGRAM
        program = ModuleType("network")
        program.__file__ = str(path)
        exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), program.__dict__)
        network = program.load()
        library = getattr(program, "torchvision", None)
        versions = {"torchvision": library.__version__} if library else {}
        return Reopened(network, network, versions=versions)


class SafetensorsFormat:
    """A checkpoint's own two files, for `search_engine.load` and other readers of safetensors.

    They are copied: nothing is rewritten, so nothing can change.
    """

    def write(self, source: Source, folder: Path) -> tuple[str, ...]:
        for name in (WEIGHTS, DESCRIPTION):
            shutil.copyfile(source.folder / name, folder / name)
        return WEIGHTS, DESCRIPTION

    def reopen(self, folder: Path) -> Reopened:
        network = load_checkpoint(folder)
        return Reopened(network, network)
