"""ONNX: one file that runs wherever there is an ONNX runtime.

Images are normalised by the user, unless the preprocessing is inside; names of the classes, mean
and standard deviation are in the model's metadata.
"""

import importlib
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor

from search_engine.cost_measurement import stored_bytes
from search_engine.export.format import Reopened, Source
from search_engine.export.onnx_precision import to_float16, to_int8
from search_engine.export.onnx_preprocessing import PICTURES, PIXELS, with_preprocessing
from search_engine.spec.errors import ExportError
from search_engine.spec.export_form import Precision
from search_engine.version import __version__

NAME = "network.onnx"
MAX_BYTES = 1_900_000_000
"""An ONNX file is one protobuf message, which ends at 2 GB."""


class OnnxFormat:
    """Writes ONNX by torch's exporter, checks it by `onnx.checker`, runs it by onnxruntime.

    In this order: exported, brought to its precision, and only then the preprocessing is set
    before it, so that pixels are never rounded.
    """

    def write(self, source: Source, folder: Path) -> tuple[str, ...]:
        # Asked for at once: the exporter needs onnxscript, and the check onnxruntime.
        onnx, *_ = map(_library, ("onnx", "onnxscript", "onnxruntime"))
        if stored_bytes(source.plain) > MAX_BYTES:
            raise ExportError("onnx", f"the weights are larger than {MAX_BYTES:,} bytes")
        form = source.form
        model = _exported(source)
        if form.precision is Precision.FLOAT16:
            model = to_float16(model)
        elif form.precision is Precision.INT8:
            model = to_int8(model, source.calibration, folder)
        if form.preprocessing:
            model = with_preprocessing(model, source.about)
        properties = source.about.properties(pictures=form.preprocessing)
        onnx.helper.set_model_props(model, properties | {"producer": f"Espalier {__version__}"})
        onnx.checker.check_model(model, full_check=True)
        (folder / NAME).write_bytes(model.SerializeToString())
        return (NAME,)

    def reopen(self, folder: Path) -> Reopened:
        onnx, onnxruntime = _library("onnx"), _library("onnxruntime")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        model = onnx.load(folder / NAME)
        takes_pictures = model.graph.input[0].name == PICTURES
        if takes_pictures:  # for the comparison with Pillow; the file stays as it is
            pixels = onnx.helper.make_empty_tensor_value_info(PIXELS)
            model.graph.output.append(pixels)
        session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        (taken,), given = session.get_inputs(), session.get_outputs()[0]

        def run(images: Tensor) -> Tensor:
            (found,) = session.run([given.name], {taken.name: _array(images, takes_pictures)})
            return torch.from_numpy(found)

        def resized(images: Tensor) -> Tensor:
            (found,) = session.run([PIXELS], {taken.name: _array(images, takes_pictures)})
            return torch.from_numpy(found)

        opset = next(o.version for o in model.opset_import if o.domain == "")
        return Reopened(
            run,
            opset=opset,
            versions={"onnx": onnx.__version__, "onnxruntime": onnxruntime.__version__},
            resized=resized if takes_pictures else None,
        )


def _exported(source: Source) -> Any:
    """The network as ONNX, in float32."""
    image = source.about.image
    example = torch.zeros(2, image.channels, image.height, image.width)
    batch = torch.export.Dim("batch", min=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the exporter's own libraries
        program = torch.onnx.export(
            source.plain,
            (example,),
            dynamo=True,
            opset_version=source.form.opset,
            input_names=["images"],
            output_names=["logits"],
            dynamic_shapes=({0: batch},),
            verbose=False,
        )
    assert program is not None
    return program.model_proto


def _array(images: Tensor, pictures: bool) -> Any:
    """What the export takes: as it is, or pictures with their channels last, grey ones as RGB."""
    if pictures:
        is_grey = images.shape[1] == 1 and images.dtype == torch.uint8
        images = (images.expand(-1, 3, -1, -1) if is_grey else images).permute(0, 2, 3, 1)
    return np.ascontiguousarray(images.numpy())


def _library(name: str) -> ModuleType:
    """A library that only this format needs.

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
