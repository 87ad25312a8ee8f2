"""What is known of an export that was made. No torch: pages read it.

A reader of an export's files needs nothing of Espalier; the report is for the person who keeps it.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import field
from typing import Annotated

from search_engine.spec.declared import Declared, Flag, Measured, Whole, about, always, declared
from search_engine.spec.export_form import ExportForm, ExportKind, Precision


@declared
class ExportedFile(Declared):
    """One file of an export."""

    place = "export.files"

    name: Annotated[str, about("Name", "in the export's folder")]
    bytes: Annotated[Whole, about("Size", "of the file", unit="bytes")]
    sha256: Annotated[str, about("SHA-256", "of its content, 64 hexadecimal digits")]


@declared(kw_only=True)
class ExportReport(Declared):
    """An export that was written and found to compute what the network computes."""

    place = "export"
    fixed = always(version=1)
    derived = ("bytes", "sha256", "bound")
    may_lack = (
        "precision",
        "preprocessing",
        "classes_changed",
        "accuracy",
        "accuracy_before",
        "accuracy_error",
    )

    kind: Annotated[ExportKind, about("Form", "in which the network leaves")]
    precision: Annotated[Precision, about("Precision", "of weights and arithmetic")] = (
        Precision.FLOAT32
    )
    preprocessing: Annotated[
        Flag, about("Preprocessing", "it takes pictures of any size, and gives probabilities")
    ] = False
    files: Annotated[
        tuple[ExportedFile, ...], about("Files", "what was written, the main file first")
    ]
    largest_difference: Annotated[
        Measured,
        about(
            "Largest difference",
            "largest change of a logit, as a share of the logits' scale; of a probability where"
            " the preprocessing is inside",
        ),
    ]
    images_compared: Annotated[Whole, about("Images compared", "of the network's own size")]
    classes_changed: Annotated[
        Whole, about("Classes changed", "images on which the class found is another one")
    ] = 0
    accuracy: Annotated[
        Measured | None,
        about("Accuracy", "of the export on these images; null where their classes are not known"),
    ] = None
    accuracy_before: Annotated[
        Measured | None, about("Accuracy before", "of the checkpoint on the same images")
    ] = None
    accuracy_error: Annotated[
        Measured | None,
        about("Error of the change", "standard error of the difference of the two accuracies"),
    ] = None
    images_are_real: Annotated[Flag, about("Real images", "of a data set; else noise was compared")]
    latency_1: Annotated[
        Measured | None,
        about("Latency of one image", "the median; null where it was not run", unit="s"),
    ] = None
    latency_64: Annotated[
        Measured | None, about("Latency of 64 images", "of a batch", unit="s")
    ] = None
    memory: Annotated[
        Whole | None,
        about(
            "Memory",
            "weights and activations of a batch of one at their peak; null where the library that"
            " runs the export does not say",
            unit="bytes",
        ),
    ] = None
    device: Annotated[
        str, about("Device", "where the seconds were measured, such as AMD EPYC 7763, 1 thread")
    ] = ""
    opset: Annotated[
        Whole | None, about("Opset", "version of ONNX's operators; null for other forms")
    ] = None
    versions: Annotated[Mapping[str, str], about("Versions", "of the libraries that took part")] = (
        field(default_factory=dict)
    )

    @property
    def bound(self) -> float | None:
        """What `largest_difference` must not exceed; None where only accuracy counts."""
        return self.form.bound

    @property
    def form(self) -> ExportForm:
        """What was chosen."""
        opset = {} if self.opset is None else {"opset": self.opset}
        return ExportForm(self.kind, self.precision, preprocessing=self.preprocessing, **opset)

    @property
    def bytes(self) -> int:
        """Size of all files together."""
        return sum(file.bytes for file in self.files)

    @property
    def sums(self) -> str:
        """The files' hashes as `sha256sum` writes and checks them."""
        return "".join(f"{file.sha256}  {file.name}\n" for file in self.files)

    @property
    def sha256(self) -> str:
        """One hash for all files: that of `sums`."""
        return hashlib.sha256(self.sums.encode()).hexdigest()
