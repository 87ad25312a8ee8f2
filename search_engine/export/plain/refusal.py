"""What a network has that cannot be written out."""

from search_engine.errors import ExportError


def cannot_write(what: str) -> ExportError:
    """The error to raise.

    Args:
        what: it is, as a part of a sentence.
    """
    reason = f"it cannot be written out as a program: it has {what}; torch-export and onnx take it"
    return ExportError("pytorch", reason)
