"""Reads ONNX files as networks to start from. Nothing in them is run."""

from pathlib import Path

import onnx
from google.protobuf.message import DecodeError
from onnx import inliner

from search_engine.networks.adopted.onnx_graph import Graph, Node
from search_engine.networks.adopted.onnx_operators import OPERATORS
from search_engine.networks.adopted.program import Program
from search_engine.networks.adopted.torchvision_nets import State
from search_engine.spec import ImageShape
from search_engine.spec.errors import CheckpointError, InvalidConfig


def read_onnx(path: Path) -> tuple[Program, ImageShape, State]:
    """What a file computes, the shape of its images, and its weights by the program's names.

    Raises:
        CheckpointError: it is no ONNX file, or a part of it lies elsewhere.
        InvalidConfig: it computes what is not allowed.
    """
    model = _model(path)
    try:
        graph = Graph(model.graph, path)
        for node in model.graph.node:
            write = OPERATORS.get(node.op_type)
            if write is None or node.domain not in ("", "ai.onnx"):
                raise InvalidConfig(
                    "program", f"the ONNX operator {node.op_type[:60]!r} is not allowed"
                )
            made = write(Node(graph, node))
            several = made if isinstance(made, list) else [made]
            # An operator may have outputs that nobody reads, such as a dropout's mask.
            graph.values.update(zip(node.output, several, strict=False))
        return graph.program(), graph.image, graph.state
    except (KeyError, IndexError, TypeError, ValueError, RuntimeError, AssertionError) as error:
        reason = " ".join(str(error).split())[:200]
        raise InvalidConfig("program", f"the ONNX graph is damaged: {reason}") from None


def _model(path: Path) -> onnx.ModelProto:
    try:
        model = onnx.load_model_from_string(path.read_bytes())
        if model.functions:
            model = inliner.inline_local_functions(model)
    except OSError as error:
        raise CheckpointError(str(path), error.strerror or str(error)) from None
    except (DecodeError, ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise CheckpointError(str(path), f"not an ONNX file, or damaged: {reason}") from None
    if not model.graph.node or not model.graph.output:
        raise CheckpointError(str(path), "not an ONNX file, or one without a network")
    return model
