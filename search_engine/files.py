"""Files that are read with errors that name them, and replaced as a whole."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError

from search_engine.spec.errors import CheckpointError, SearchEngineError


@contextmanager
def named_in_errors(path: Path) -> Iterator[None]:
    """Make whatever is wrong with a file a `CheckpointError` that names it."""
    try:
        yield
    except CheckpointError:
        raise
    except OSError as error:
        raise CheckpointError(str(path), error.strerror or str(error)) from None
    except SafetensorError as error:
        raise CheckpointError(str(path), f"not a safetensors file: {error}") from None
    except SearchEngineError as error:
        raise CheckpointError(str(path), str(error)) from None


def replace_file(path: Path, content: str | bytes) -> None:
    """Write a file in place of the old one; a crash leaves the one or the other, never a part."""
    new = path.with_name(f"{path.name}.new")
    new.write_bytes(content.encode() if isinstance(content, str) else content)
    new.replace(path)
