"""Plain PyTorch: a readable Python file, and its weights as safetensors.

The file reads the safetensors format itself, in twenty lines: so there is one file of weights for
all readers, a fresh environment needs only torch, and nobody has to unpickle anything.
"""

from pathlib import Path
from types import ModuleType

from safetensors.torch import save_file

from search_engine.export.forms import Reopened, Source
from search_engine.export.plain import plain_state, write_program

PROGRAM = "network.py"
WEIGHTS = "network.safetensors"


class PytorchForm:
    """Writes the network out as ordinary modules."""

    def write(self, source: Source, folder: Path) -> tuple[str, ...]:
        program = write_program(source.plain, source.about, WEIGHTS)
        (folder / PROGRAM).write_text(program, encoding="utf-8")
        save_file(plain_state(source.plain), folder / WEIGHTS)
        return PROGRAM, WEIGHTS

    def reopen(self, folder: Path) -> Reopened:
        # As an import would, but without a .pyc beside it.
        path = folder / PROGRAM
        program = ModuleType("network")
        program.__file__ = str(path)
        exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), program.__dict__)
        network = program.load()
        return Reopened(network, network)
