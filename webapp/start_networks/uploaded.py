"""An uploaded checkpoint: a zip, or a JSON with its weights beside it. Worker side."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from search_engine.architecture import Architecture
from search_engine.architecture.documents import parse_document
from search_engine.checkpoint import Description
from search_engine.checkpoint_zip import opened
from webapp.start_networks.names import CHECKPOINT, DESCRIPTION, WEIGHTS


@contextmanager
def whole_checkpoint(folder: Path) -> Iterator[Path]:
    """The folder of a checkpoint as the engine reads it, while the `with` lasts.

    Args:
        folder: with the uploaded files; an architecture in it is completed to a description.

    Raises:
        SearchEngineError: damaged, or something else.
    """
    if (folder / CHECKPOINT).exists():
        with opened(folder / CHECKPOINT) as unpacked:
            yield unpacked
        return
    _complete(folder / DESCRIPTION, folder / WEIGHTS)
    yield folder


def _complete(path: Path, weights: Path) -> None:
    document = parse_document(path.read_bytes(), "checkpoint")
    if not isinstance(document, dict) or "skeleton" not in document:
        return
    with weights.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    description = Description(Architecture.from_json(document), weights_sha256=sha256)
    path.write_text(json.dumps(description.to_json()), encoding="utf-8")
