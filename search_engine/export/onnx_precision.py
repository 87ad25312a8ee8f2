"""An ONNX network in other numbers: float16, or int8 by onnxruntime's own quantisation."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from torch import Tensor

from search_engine.spec.errors import ExportError

BATCH = 32


def to_float16(model: Any) -> Any:
    """Weights and arithmetic in float16; what it takes and gives stays float32."""
    from onnxruntime.quantization.onnx_model import ONNXModel
    from onnxruntime.transformers.float16 import convert_float_to_float16

    made = ONNXModel(convert_float_to_float16(model, keep_io_types=True))
    made.topological_sort()  # the conversion leaves its casts at the end
    return made.model


def to_int8(model: Any, calibration: Tensor | None, folder: Path) -> Any:
    """Weights in int8 for each channel, activations in int8 by the ranges that images give.

    The network keeps its inputs and outputs in float32, and quantises between them (QDQ).

    Args:
        model: in float32.
        calibration: normalised, float32, `(N, C, H, W)`.
        folder: where onnxruntime's own files may lie meanwhile.

    Raises:
        ExportError: there are no images to calibrate on.
    """
    import onnx
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    if calibration is None or not len(calibration):
        raise ExportError("onnx-int8", "expected real images to calibrate on, got none")
    with _quiet_root(), TemporaryDirectory(dir=folder) as name:
        given, prepared, made = (Path(name) / f"{step}.onnx" for step in ("0", "1", "2"))
        onnx.save(model, given)
        quant_pre_process(given, prepared, skip_symbolic_shape=True)
        quantize_static(
            prepared,
            made,
            _Reader(calibration),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QInt8,
            weight_type=QuantType.QInt8,
        )
        return onnx.load(made)


@contextmanager
def _quiet_root() -> Iterator[None]:
    """onnxruntime warns through the root logger, which is everybody's."""
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)
    try:
        yield
    finally:
        root.setLevel(level)


class _Reader:
    """Hands onnxruntime the images in batches: its `CalibrationDataReader`."""

    def __init__(self, images: Tensor) -> None:
        self._batches: Iterator[Tensor] = iter(images.split(BATCH))

    def get_next(self) -> dict[str, Any] | None:
        batch = next(self._batches, None)
        return None if batch is None else {"images": batch.numpy()}
