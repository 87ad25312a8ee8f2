"""What exports there are, and what is known of one that was made. No torch: pages read it.

A reader of an export's files needs nothing of Espalier; the report is for the person who keeps it.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

from search_engine.architecture.documents import Document, Reader

EXPORT_REPORT_VERSION = 1


class ExportKind(StrEnum):
    """The forms in which a network can leave: `docs/exports.md` says what each is for."""

    ONNX = "onnx"
    TORCH_EXPORT = "torch-export"
    SAFETENSORS = "safetensors"
    PYTORCH = "pytorch"

    @property
    def bound(self) -> float:
        """Largest change of a logit with which the export is kept, as a share of their scale."""
        return _BOUNDS[self]


_BOUNDS = {
    ExportKind.ONNX: 1e-4,
    ExportKind.TORCH_EXPORT: 1e-4,
    # The same bytes; but what a kernel computes may hang on where in memory they lie.
    ExportKind.SAFETENSORS: 1e-6,
    ExportKind.PYTORCH: 1e-5,
}


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """One file of an export.

    Args:
        name: in the export's folder.
        bytes: its size.
        sha256: of its content, 64 hexadecimal digits.
    """

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportReport:
    """An export that was written and found to compute what the network computes.

    Args:
        kind: its form.
        files: what was written, the main file first.
        largest_difference: largest change of a logit, as a share of the logits' scale.
        images_compared: on how many images; the classes found are the same on all of them.
        images_are_real: of a data set; False where none were given and noise was compared.
        latency_1: seconds for a batch of one image, the median; None where it was not run.
        latency_64: seconds for a batch of 64 images.
        memory: bytes that a batch of one needs, weights and activations at their peak; None where
            the library that runs the export does not say.
        device: on which the seconds were measured, such as `AMD EPYC 7763, 1 thread`.
        opset: version of ONNX's operators; None for other kinds.
        versions: of the libraries that took part.
    """

    kind: ExportKind
    files: tuple[ExportedFile, ...]
    largest_difference: float
    images_compared: int
    images_are_real: bool
    latency_1: float | None = None
    latency_64: float | None = None
    memory: int | None = None
    device: str = ""
    opset: int | None = None
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def bound(self) -> float:
        """What `largest_difference` must not exceed."""
        return self.kind.bound

    @property
    def bytes(self) -> int:
        """Of all files together."""
        return sum(file.bytes for file in self.files)

    @property
    def sums(self) -> str:
        """The files' hashes as `sha256sum` writes and checks them."""
        return "".join(f"{file.sha256}  {file.name}\n" for file in self.files)

    @property
    def sha256(self) -> str:
        """One hash for all files: that of `sums`."""
        return hashlib.sha256(self.sums.encode()).hexdigest()

    def to_json(self) -> Document:
        """The report as plain values. What follows from others is written out for readers."""
        return {
            "version": EXPORT_REPORT_VERSION,
            "kind": self.kind.value,
            "files": [
                {"name": file.name, "bytes": file.bytes, "sha256": file.sha256}
                for file in self.files
            ],
            "bytes": self.bytes,
            "sha256": self.sha256,
            "largest_difference": self.largest_difference,
            "bound": self.bound,
            "images_compared": self.images_compared,
            "images_are_real": self.images_are_real,
            "latency_1": self.latency_1,
            "latency_64": self.latency_64,
            "memory": self.memory,
            "device": self.device,
            "opset": self.opset,
            "versions": dict(self.versions),
        }

    @classmethod
    def from_json(cls, document: object) -> Self:
        """A report from what `to_json` made.

        Raises:
            InvalidConfig: malformed; the message names the field.
        """
        reader = Reader(document, "export")
        reader.version(EXPORT_REPORT_VERSION)
        versions = Reader(reader.take("versions"), "export.versions")
        report = cls(
            kind=reader.choice("kind", ExportKind),
            files=tuple(_read_file(file) for file in reader.sequence("files")),
            largest_difference=reader.number("largest_difference"),
            images_compared=reader.integer("images_compared"),
            images_are_real=reader.boolean("images_are_real"),
            latency_1=_optional_number(reader, "latency_1"),
            latency_64=_optional_number(reader, "latency_64"),
            memory=reader.optional_integer("memory"),
            device=reader.string("device"),
            opset=reader.optional_integer("opset"),
            versions={name: versions.string(name) for name in versions.names()},
        )
        for name in ("bytes", "sha256", "bound"):
            reader.take(name)
        reader.done()
        return report


def _optional_number(reader: Reader, name: str) -> float | None:
    value = reader.take(name)
    return None if value is None else Reader({name: value}, reader.place).number(name)


def _read_file(document: object) -> ExportedFile:
    reader = Reader(document, "export.files")
    file = ExportedFile(reader.string("name"), reader.integer("bytes"), reader.string("sha256"))
    reader.done()
    return file
