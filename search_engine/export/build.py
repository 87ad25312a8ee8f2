"""From a checkpoint to an export: written, read back, compared, measured, and only then kept."""

import hashlib
from pathlib import Path

import torch
from torch import Tensor

from search_engine.checkpoint import load_checkpoint, read_description
from search_engine.checkpoint_zip import opened
from search_engine.errors import ExportError
from search_engine.export.about import About
from search_engine.export.folders import made
from search_engine.export.forms import Form, Reopened, Source
from search_engine.export.onnx_form import OnnxForm
from search_engine.export.parity import check, compare
from search_engine.export.program_form import ProgramForm
from search_engine.export.pytorch_form import PytorchForm
from search_engine.export.safetensors_form import SafetensorsForm
from search_engine.export_report import ExportedFile, ExportKind, ExportReport
from search_engine.latency import LARGE_BATCH, device_name, median_seconds
from search_engine.loading import normalise
from search_engine.networks import CondenseNet, Network
from search_engine.peak_memory import peak_bytes, stored_bytes
from search_engine.version import __version__

MAX_COMPARED = 256
NOISE_IMAGES = 64
_FORMS: dict[ExportKind, Form] = {
    ExportKind.ONNX: OnnxForm(),
    ExportKind.TORCH_EXPORT: ProgramForm(),
    ExportKind.SAFETENSORS: SafetensorsForm(),
    ExportKind.PYTORCH: PytorchForm(),
}


def build_export(
    checkpoint: Path, kind: ExportKind, out_folder: Path, images: Tensor | None
) -> ExportReport:
    """Export a checkpoint. Runs on the CPU, in float32.

    The files are written beside `out_folder`, read back from the disk, compared with the network on
    the images and measured; then the folder gets its name. Whatever goes wrong, and a crash at any
    moment, leaves no half export under that name.

    Args:
        checkpoint: its folder, or a zip that the application gave.
        kind: what to write.
        out_folder: where the files shall be; not there yet, or empty.
        images: uint8, `(N, C, H, W)`, as the data set has them; the first 256 are compared. None
            compares noise, and the report says so.

    Raises:
        CheckpointError: the checkpoint is missing or damaged.
        ExportError: the network cannot have this form, or computes something else in it, or a
            library is missing, or the folder is in use.
    """
    form = _FORMS[kind]
    with opened(checkpoint) as folder, made(out_folder, kind) as new:
        source = _source(folder)
        batch = normalise(_pixels(images, source, kind), source.about.trained_on)
        names = form.write(source, new)
        reopened = form.reopen(new)
        agreement = compare(source.network, reopened.run, batch)
        check(kind, agreement, len(batch))
        return ExportReport(
            kind=kind,
            files=tuple(_file(new / name) for name in names),
            largest_difference=agreement.difference,
            images_compared=len(batch),
            images_are_real=images is not None,
            latency_1=_latency(reopened, batch[:1]),
            latency_64=_latency(reopened, _repeated(batch)),
            memory=_memory(reopened, batch[:1]),
            device=device_name(torch.device("cpu")),
            opset=reopened.opset,
            versions={"espalier": __version__, "torch": torch.__version__, **reopened.versions},
        )


def _source(folder: Path) -> Source:
    description, network = read_description(folder), load_checkpoint(folder)
    return Source(network, _as_used(network), About.of(description), description, folder)


def _as_used(network: Network) -> Network:
    """A CondenseNet in its converted form, once it has dropped all inputs that are to go."""
    if not isinstance(network, CondenseNet) or network.is_converted:
        return network
    before = {name: mask.clone() for name, mask in network.named_buffers() if "mask" in name}
    converted = network.converted()
    dropped = any(not torch.equal(before[name], network.get_buffer(name)) for name in before)
    if not dropped:
        return converted
    for name, mask in before.items():
        network.get_buffer(name).copy_(mask)
    return network


def _pixels(images: Tensor | None, source: Source, kind: ExportKind) -> Tensor:
    """Images to compare on; uint8, `(N, C, H, W)`."""
    image = source.about.image
    shape = (image.channels, image.height, image.width)
    if images is None:
        generator = torch.Generator().manual_seed(0)
        size = (NOISE_IMAGES, *shape)
        return torch.randint(0, 256, size, generator=generator, dtype=torch.uint8)
    if images.dtype != torch.uint8 or images.dim() != 4 or images.shape[1:] != shape:
        raise ExportError(
            kind,
            f"expected images of uint8, shape (N, {', '.join(map(str, shape))}), to compare on,"
            f" got {images.dtype} of shape {tuple(images.shape)}",
        )
    if not len(images):
        raise ExportError(kind, "expected at least one image to compare on, got none")
    return images[:MAX_COMPARED].cpu()


def _repeated(batch: Tensor) -> Tensor:
    """The images as a batch of 64, again from the first where there are fewer."""
    return batch[torch.arange(LARGE_BATCH) % len(batch)]


@torch.inference_mode()
def _latency(reopened: Reopened, batch: Tensor) -> float:
    return median_seconds(lambda: reopened.run(batch))


@torch.inference_mode()
def _memory(reopened: Reopened, batch: Tensor) -> int | None:
    if reopened.module is None:
        return None
    peak = peak_bytes(lambda: reopened.run(batch), batch.device)
    return stored_bytes(reopened.module) + peak


def _file(path: Path) -> ExportedFile:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return ExportedFile(path.name, path.stat().st_size, digest)
