"""Makes an export of a checkpoint: written, read back, compared, measured, and only then kept."""

import hashlib
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from search_engine.checkpoint import load_checkpoint, open_checkpoint, read_description
from search_engine.cost_measurement import device_name, median_seconds, peak_bytes, stored_bytes
from search_engine.export.compared import Compared
from search_engine.export.folders import made
from search_engine.export.format import About, Format, Reopened, Source
from search_engine.export.onnx_format import OnnxFormat
from search_engine.export.parity import Run, check, check_pixels, compare
from search_engine.export.torch_formats import PytorchFormat, SafetensorsFormat, TorchExportFormat
from search_engine.export.trial_pictures import seen_as_wide, trial_pictures, widened
from search_engine.loading import normalise, pixels_of
from search_engine.networks import CondenseNet, Network
from search_engine.spec.errors import ExportError
from search_engine.spec.export_form import ExportForm, ExportKind, Precision, check_offered
from search_engine.spec.export_report import ExportedFile, ExportReport
from search_engine.version import __version__

_FORMATS: dict[ExportKind, Format] = {
    ExportKind.ONNX: OnnxFormat(),
    ExportKind.TORCH_EXPORT: TorchExportFormat(),
    ExportKind.SAFETENSORS: SafetensorsFormat(),
    ExportKind.PYTORCH: PytorchFormat(),
}


def build_export(
    checkpoint: Path,
    form: ExportForm | ExportKind,
    out_folder: Path,
    images: Compared | Tensor | None,
) -> ExportReport:
    """Export a checkpoint. Runs on the CPU; the network that is compared with is in float32.

    The files are written beside `out_folder`, read back from the disk, compared with the network on
    the images and measured; then the folder gets its name. Whatever goes wrong, and a crash at any
    moment, leaves no half export under that name.

    Args:
        checkpoint: its folder, or a zip that the application gave.
        form: what to make of it; a kind alone stands for its usual form.
        out_folder: where the files shall be; not there yet, or empty.
        images: what it is compared on, or the images alone: uint8, `(N, C, H, W)`, as the data set
            has them; the first 256, or 1,024 where a few classes may change. None compares noise,
            and the report says so.

    Raises:
        CheckpointError: the checkpoint is missing or damaged.
        ExportError: the network cannot have this form, or computes something else in it, or a
            library is missing, or the folder is in use.
    """
    form = ExportForm.of(form)
    export_format = _FORMATS[form.kind]
    with open_checkpoint(checkpoint) as folder, made(out_folder, form.name) as new:
        about = _about(folder, form)
        compared = _compared(images, form, about)
        source = _source(folder, form, about, compared)
        names = export_format.write(source, new)
        reopened = export_format.reopen(new)
        expected, run = _expected(source, reopened), _run(reopened, about)
        _check_pictures(reopened, about, compared)
        agreement = compare(expected, run, compared.images, compared.labels)
        check(form, agreement, len(compared.images))
        accuracy = agreement.accuracy
        return ExportReport(
            kind=form.kind,
            precision=form.precision,
            preprocessing=form.preprocessing,
            files=tuple(_file(new / name) for name in names),
            largest_difference=agreement.difference,
            images_compared=len(compared.images),
            classes_changed=agreement.classes_changed,
            accuracy=accuracy.after if accuracy else None,
            accuracy_before=accuracy.before if accuracy else None,
            accuracy_error=accuracy.error if accuracy else None,
            images_are_real=images is not None,
            latency_1=_latency(run, compared.images[:1]),
            latency_64=_latency(run, compared.batch),
            memory=_memory(reopened, normalise(compared.images[:1], about.trained_on)),
            device=device_name(torch.device("cpu")),
            opset=reopened.opset,
            versions={"espalier": __version__, "torch": torch.__version__, **reopened.versions},
        )


def _about(folder: Path, form: ExportForm) -> About:
    description = read_description(folder)
    check_offered(form, description.architecture.skeleton)
    return About.of(description)


def _compared(images: Compared | Tensor | None, form: ExportForm, about: About) -> Compared:
    if images is None:
        if form.precision is Precision.INT8:
            raise ExportError(form.name, "expected real images to calibrate on, got none")
        return Compared.noise(about.image)
    given = images if isinstance(images, Compared) else Compared(images)
    fitted = given.fitted(form, about.image)
    if form.preprocessing and about.takes_wide:
        return replace(fitted, images=seen_as_wide(fitted.images, about.rendering))
    return fitted


def _source(folder: Path, form: ExportForm, about: About, compared: Compared) -> Source:
    network = load_checkpoint(folder)
    calibration = compared.calibration
    if calibration is not None:
        calibration = normalise(calibration, about.trained_on)
    return Source(network, _as_used(network), about, folder, form, calibration)


def _expected(source: Source, reopened: Reopened) -> Run:
    """The network on pixels of its size, uint8: logits, or probabilities where the export has."""

    def run(pixels: Tensor) -> Tensor:
        logits: Tensor = source.network(normalise(pixels, source.about.trained_on))
        return logits.softmax(dim=1) if reopened.resized else logits

    return run


def _run(reopened: Reopened, about: About) -> Run:
    """The export on pixels of the network's size, uint8, whatever it takes itself."""
    if not reopened.resized:
        return lambda pixels: reopened.run(normalise(pixels, about.trained_on))
    if about.takes_wide:
        return lambda pixels: reopened.run(widened(pixels[:, :1], about.rendering))
    return reopened.run


def _check_pictures(reopened: Reopened, about: About, compared: Compared) -> None:
    """Check that preprocessing inside the export makes the pixels that Python makes.

    Raises:
        ExportError: it makes others.
    """
    if reopened.resized is None:
        return
    for taken, picture in trial_pictures(compared.images, about):
        check_pixels(reopened.resized(taken), pixels_of(picture, about.image, about.rendering))


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


@torch.inference_mode()
def _latency(run: Run, batch: Tensor) -> float:
    return median_seconds(lambda: run(batch), torch.device("cpu"))


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
