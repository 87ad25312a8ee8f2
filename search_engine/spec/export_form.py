"""The forms in which a network can be exported: a format, and choices of ONNX. No torch."""

from enum import StrEnum
from itertools import product
from typing import Annotated

from search_engine.spec import AdoptedConfig, SkeletonConfig, Source
from search_engine.spec.declared import Declared, Flag, Whole, about, declared
from search_engine.spec.errors import ExportError, InvalidConfig

OPSET = 18
"""What torch's exporter writes without translating; onnxruntime reads it since 1.14 (2023)."""
OPSETS = (OPSET, 23)
"""The oldest that torch's exporter writes, and the newest that onnxruntime 1.22 reads."""
_IMAGE, _OPSET = "image", "opset"


class ExportKind(StrEnum):
    """The formats in which a network can leave: `docs/exports.md` says what each is for."""

    ONNX = "onnx"
    TORCH_EXPORT = "torch-export"
    SAFETENSORS = "safetensors"
    PYTORCH = "pytorch"


class Precision(StrEnum):
    """The numbers in which an export keeps weights and computes."""

    FLOAT32 = "float32"
    FLOAT16 = "float16"
    INT8 = "int8"


@declared
class ExportForm(Declared):
    """A format, and for ONNX the numbers it computes in, what it takes, and its opset."""

    place = "form"
    derived = ("name",)
    may_lack = ("precision", "preprocessing", "opset")

    kind: Annotated[ExportKind, about("Format", "in which the network leaves")]
    precision: Annotated[
        Precision, about("Precision", "of ONNX: float16 halves the file, int8 quarters it")
    ] = Precision.FLOAT32
    preprocessing: Annotated[
        Flag,
        about(
            "Preprocessing",
            "of ONNX: takes an RGB or RGBA picture of any size, makes pixels of it as of the data"
            " set's, normalises them, and gives probabilities",
        ),
    ] = False
    opset: Annotated[
        Whole, about("Opset", "of ONNX: version of its operators", ge=OPSETS[0], le=OPSETS[1])
    ] = OPSET

    def __post_init__(self) -> None:
        usual = (Precision.FLOAT32, False, OPSET)
        chosen = (self.precision, self.preprocessing, self.opset)
        if self.kind is not ExportKind.ONNX and chosen != usual:
            reason = "precision, preprocessing and opset can be chosen of ONNX only"
            raise InvalidConfig("kind", f"{reason}, got {self.kind}")

    @classmethod
    def of(cls, form: "ExportForm | ExportKind") -> "ExportForm":
        """A format as it usually is."""
        return form if isinstance(form, ExportForm) else cls(form)

    @property
    def name(self) -> str:
        """Its name in addresses and of files: `onnx`, `onnx-image-int8`, `onnx-opset20`."""
        parts = [self.kind.value]
        parts += [_IMAGE] * self.preprocessing
        parts += [self.precision.value] * (self.precision is not Precision.FLOAT32)
        parts += [f"{_OPSET}{self.opset}"] * (self.opset != OPSET)
        return "-".join(parts)

    @staticmethod
    def named(name: str) -> "ExportForm":
        """The form with this name.

        Raises:
            InvalidConfig: there is none.
        """
        if name not in _FORMS:
            expected = f"expected one such as {', '.join(USUAL_NAMES)}"
            raise InvalidConfig("form", f"{expected}, got {name[:60]!r}")
        return _FORMS[name]

    @property
    def bound(self) -> float | None:
        """Largest change of an output with which the export is kept, as a share of their scale.

        None where only classes and accuracy count.
        """
        if self.precision is Precision.FLOAT32:
            return _EXACT[self.kind]
        return _HALF if self.precision is Precision.FLOAT16 else None

    @property
    def classes_bound(self) -> float:
        """Largest share of images on which the class found may be another one."""
        return _CLASSES_CHANGED[self.precision]


_EXACT = {
    ExportKind.ONNX: 1e-4,
    ExportKind.TORCH_EXPORT: 1e-4,
    # The same bytes; but what a kernel computes may hang on where in memory they lie.
    ExportKind.SAFETENSORS: 1e-6,
    ExportKind.PYTORCH: 1e-5,
}
_HALF = 2e-2
_CLASSES_CHANGED = {Precision.FLOAT32: 0.0, Precision.FLOAT16: 0.01, Precision.INT8: 0.1}
ACCURACY_LOST = 0.05
"""So much of the accuracy an export of int8 may lose, where the images' classes are known."""

USUAL_FORMS = (
    ExportForm(ExportKind.ONNX),
    *(ExportForm(ExportKind.ONNX, each) for each in (Precision.FLOAT16, Precision.INT8)),
    *(ExportForm(ExportKind.ONNX, each, preprocessing=True) for each in Precision),
    *map(ExportForm, (ExportKind.TORCH_EXPORT, ExportKind.SAFETENSORS, ExportKind.PYTORCH)),
)
"""What is offered without asking for an opset, in the order of tables."""
USUAL_NAMES = tuple(form.name for form in USUAL_FORMS)

_ONNX = product(Precision, (False, True), range(OPSETS[0], OPSETS[1] + 1))
_FORMS = {form.name: form for form in USUAL_FORMS} | {
    form.name: form
    for form in (
        ExportForm(ExportKind.ONNX, precision, preprocessing=pictures, opset=opset)
        for precision, pictures, opset in _ONNX
    )
}

_NO_CODE = (
    "This network was brought in as an exported program, and there is no library whose code a file"
    " of plain PyTorch could import. Take torch.export or ONNX instead."
)
_NO_PICTURE = (
    "This network takes neither grey nor coloured images, so there is no picture that a form with"
    " the preprocessing inside could take. Take ONNX without it."
)


def why_not_offered(form: ExportForm | ExportKind, skeleton: SkeletonConfig) -> str:
    """Why there is no such export of a network, in sentences for its user; empty if there is."""
    form = ExportForm.of(form)
    is_program = isinstance(skeleton, AdoptedConfig) and skeleton.source is Source.EXPORTED
    if is_program and form.kind is ExportKind.PYTORCH:
        return _NO_CODE
    return _NO_PICTURE if form.preprocessing and skeleton.image.channels not in (1, 3) else ""


def check_offered(form: ExportForm | ExportKind, skeleton: SkeletonConfig) -> None:
    """Refuse a form of export that there is not of a network.

    Raises:
        ExportError: with what `why_not_offered` says.
    """
    if reason := why_not_offered(form, skeleton):
        raise ExportError(ExportForm.of(form).name, reason)
