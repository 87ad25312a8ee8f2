"""ONNX: one file that runs wherever there is an ONNX runtime.

Images are normalised by the user; names of the classes, mean and standard deviation are in the
model's metadata.
"""

import importlib
import warnings
from pathlib import Path
from types import ModuleType

import numpy as np
import torch
from torch import Tensor

from search_engine.errors import ExportError
from search_engine.export.forms import Reopened, Source
from search_engine.peak_memory import stored_bytes
from search_engine.version import __version__

NAME = "network.onnx"
OPSET = 18
"""What torch's exporter writes without translating; onnxruntime reads it since 1.14 (2023)."""
MAX_BYTES = 1_900_000_000
"""An ONNX file is one protobuf message, which ends at 2 GB."""


class OnnxForm:
    """Writes ONNX by torch's exporter, checks it by `onnx.checker`, runs it by onnxruntime."""

    def write(self, source: Source, folder: Path) -> tuple[str, ...]:
        # Asked for at once: the exporter needs onnxscript, and the check onnxruntime.
        onnx, *_ = map(_library, ("onnx", "onnxscript", "onnxruntime"))
        if stored_bytes(source.plain) > MAX_BYTES:
            raise ExportError("onnx", f"the weights are larger than {MAX_BYTES:,} bytes")
        image = source.about.image
        example = torch.zeros(2, image.channels, image.height, image.width)
        batch = torch.export.Dim("batch", min=1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the exporter's own libraries
            program = torch.onnx.export(
                source.plain,
                (example,),
                dynamo=True,
                opset_version=OPSET,
                input_names=["images"],
                output_names=["logits"],
                dynamic_shapes=({0: batch},),
                verbose=False,
            )
        assert program is not None
        model = program.model_proto
        properties = source.about.properties() | {"producer": f"Espalier {__version__}"}
        onnx.helper.set_model_props(model, properties)
        onnx.checker.check_model(model, full_check=True)
        (folder / NAME).write_bytes(model.SerializeToString())
        return (NAME,)

    def reopen(self, folder: Path) -> Reopened:
        onnx, onnxruntime = _library("onnx"), _library("onnxruntime")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        path = str(folder / NAME)
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

        def run(images: Tensor) -> Tensor:
            (logits,) = session.run(["logits"], {"images": np.ascontiguousarray(images.numpy())})
            return torch.from_numpy(logits)

        opset = next(o.version for o in onnx.load(path).opset_import if o.domain == "")
        versions = {"onnx": onnx.__version__, "onnxruntime": onnxruntime.__version__}
        return Reopened(run, opset=opset, versions=versions)


def _library(name: str) -> ModuleType:
    """A library that only this form needs.

    Raises:
        ExportError: it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ExportError(
            "onnx",
            f"it needs {name}, which cannot be imported here ({error});"
            " install it: pip install onnx onnxscript onnxruntime",
        ) from None
