"""Transformations as JSON, so that a child's lineage can be stored and replayed.

{"type": "set_merge", "node": [0, 1], "merge": "add", "branches": 2}
"""

from collections.abc import Callable, Iterable, Mapping

from search_engine.architecture.architecture import Transformation
from search_engine.architecture.cell import MAX_HEIGHT, Path
from search_engine.architecture.documents import Document, Reader, describe
from search_engine.architecture.layer_transformations import Deepen, Widen
from search_engine.architecture.operations import Operation
from search_engine.architecture.schemes import Merge
from search_engine.architecture.transformations import InsertNode, ReplaceIdentity, SetMerge
from search_engine.errors import InvalidConfig


def transformation_to_json(transformation: Transformation) -> Document:
    """One transformation as plain values for `json.dumps`."""
    match transformation:
        case SetMerge(node, merge, branches):
            return {
                "type": "set_merge",
                "node": list(node),
                "merge": merge.value,
                "branches": branches,
            }
        case InsertNode(branch):
            return {"type": "insert_node", "branch": list(branch)}
        case ReplaceIdentity(branch, operation):
            return {
                "type": "replace_identity",
                "branch": list(branch),
                "operation": operation.value,
            }
        case Widen(layer, width):
            return {"type": "widen", "layer": layer, "width": width}
        case Deepen(layer):
            return {"type": "deepen", "layer": layer}


def transformation_from_json(document: object, place: str = "transformation") -> Transformation:
    """One transformation from what `transformation_to_json` made.

    Raises:
        InvalidConfig: malformed; the message names the field.
    """
    reader = Reader(document, place)
    kind = reader.string("type")
    if kind not in _READERS:
        reader.fail(f"{place}.type", f"expected one of {', '.join(_READERS)}, got {describe(kind)}")
    transformation = _READERS[kind](reader)
    reader.done()
    return transformation


def transformations_to_json(transformations: Iterable[Transformation]) -> list[Document]:
    """A list of transformations as plain values."""
    return [transformation_to_json(transformation) for transformation in transformations]


def transformations_from_json(documents: object) -> tuple[Transformation, ...]:
    """A list of transformations from what `transformations_to_json` made.

    Raises:
        InvalidConfig: malformed; the message names the item.
    """
    if not isinstance(documents, list):
        raise InvalidConfig("transformations", f"expected an array, got {describe(documents)}")
    return tuple(
        transformation_from_json(document, f"transformations[{index}]")
        for index, document in enumerate(documents)
    )


def _path(reader: Reader, name: str) -> Path:
    path = reader.integers(name)
    if len(path) > MAX_HEIGHT:
        reader.fail(f"{reader.place}.{name}", f"expected at most {MAX_HEIGHT} steps")
    return path


_READERS: Mapping[str, Callable[[Reader], Transformation]] = {
    "set_merge": lambda r: SetMerge(
        _path(r, "node"), r.choice("merge", Merge), r.integer("branches")
    ),
    "insert_node": lambda r: InsertNode(_path(r, "branch")),
    "replace_identity": lambda r: ReplaceIdentity(
        _path(r, "branch"), r.choice("operation", Operation)
    ),
    "widen": lambda r: Widen(r.string("layer"), r.integer("width")),
    "deepen": lambda r: Deepen(r.string("layer")),
}
