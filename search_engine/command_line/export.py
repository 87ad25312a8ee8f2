"""`export`: a checkpoint for use elsewhere, in one form or in all of them with a table."""

import argparse
import json
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from search_engine.checkpoint import open_checkpoint, read_description
from search_engine.command_line.use import read_image
from search_engine.data import load_dataset
from search_engine.devices import set_threads
from search_engine.export import (
    MAX_IMAGES,
    Compared,
    ExportForm,
    ExportKind,
    ExportReport,
    build_export,
)
from search_engine.export.compared import spread
from search_engine.pictures.sorting import PICTURE_SUFFIXES
from search_engine.spec import ImageShape
from search_engine.spec.description import Description
from search_engine.spec.errors import DatasetError, ExportError
from search_engine.spec.export_form import (
    OPSET,
    USUAL_FORMS,
    Precision,
    check_offered,
    why_not_offered,
)
from search_engine.spec.pictures import Rendering

ALL = "all"


def export(arguments: argparse.Namespace) -> int:
    """Write a checkpoint for use elsewhere, after checking that it computes the same.

    Returns:
        2 where `all` was asked for and one of them could not be kept, else 0.

    Raises:
        SearchEngineError: the checkpoint is damaged, there is no such export of it, there are no
            images to compare on, or the export computes something else.
    """
    set_threads(arguments.threads)
    with open_checkpoint(arguments.checkpoint) as folder:
        description = read_description(folder)
    if arguments.to == ALL:
        return _export_all(arguments, description)
    form = _form(arguments, ExportKind(arguments.to))
    check_offered(form, description.architecture.skeleton)
    images = _images(arguments, description)
    report = build_export(arguments.checkpoint, form, arguments.out, images)
    if arguments.json:
        print(json.dumps(report.to_json(), indent=2))
    else:
        _print_report(report, arguments.out)
    return 0


def _form(arguments: argparse.Namespace, kind: ExportKind) -> ExportForm:
    """What the options ask for.

    Raises:
        InvalidConfig: they do not go together.
    """
    precision = Precision(arguments.precision or Precision.FLOAT32)
    opset = OPSET if arguments.opset is None else arguments.opset
    return ExportForm(kind, precision, preprocessing=arguments.preprocessing, opset=opset)


def _export_all(arguments: argparse.Namespace, description: Description) -> int:
    """Every usual form that there is of the network, each in a folder of its own."""
    reports: list[ExportReport] = []
    faults: list[ExportError] = []
    images = _images(arguments, description)
    for usual in USUAL_FORMS:
        form = usual
        if form.kind is ExportKind.ONNX and arguments.opset is not None:
            form = replace(form, opset=arguments.opset)
        if why_not_offered(form, description.architecture.skeleton):
            continue
        try:
            folder = arguments.out / form.name
            reports.append(build_export(arguments.checkpoint, form, folder, images))
        except ExportError as error:
            faults.append(error)
    if arguments.json:
        document = {
            "exports": [report.to_json() for report in reports],
            "faults": [str(fault) for fault in faults],
        }
        print(json.dumps(document, indent=2))
    else:
        _print_table(reports)
        for fault in faults:
            print(f"not kept: {fault}")
    return 2 if faults else 0


def _images(arguments: argparse.Namespace, description: Description) -> Compared:
    if arguments.images is not None:
        on = description.trained_on
        names, rendering = (on.class_names, on.rendering) if on else ((), Rendering())
        shape = description.architecture.skeleton.image
        return read_images(arguments.images, shape, rendering, names)
    return _test_images(description, arguments.data_folder)


def read_images(
    folder: Path, shape: ImageShape, rendering: Rendering, class_names: tuple[str, ...] = ()
) -> Compared:
    """Images below a folder, resized to what a network takes; up to 1,024, spread over all paths.

    Args:
        folder: how it is divided into further folders does not matter; where each image lies in one
            with the name of a class, their classes are known.

    Raises:
        DatasetError: there are none, or one cannot be read.
    """
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in PICTURE_SUFFIXES)
    if not paths:
        expected = ", ".join(sorted(PICTURE_SUFFIXES))
        raise DatasetError(str(folder), f"expected a folder with images ({expected}), found none")
    paths = [paths[place] for place in spread(len(paths), MAX_IMAGES).tolist()]
    classes = {name: index for index, name in enumerate(class_names)}
    found = [classes.get(path.parent.name) for path in paths]
    labels: Tensor | None = None
    if None not in found:
        labels = torch.tensor(found)
    return Compared(torch.stack([read_image(path, shape, rendering) for path in paths]), labels)


def _test_images(description: Description, data_folder: Path | None) -> Compared:
    """Test images of the data set that the checkpoint names, and training images to calibrate."""
    if description.trained_on is None:
        raise DatasetError("checkpoint", "it names no data set to compare on; give --images DIR")
    name = description.trained_on.name
    shape = description.architecture.skeleton.image
    try:
        dataset = load_dataset(name, folder=data_folder, size=(shape.height, shape.width))
    except DatasetError as error:
        raise DatasetError(error.place, f"{error.reason}; or give --images DIR") from None
    splits = dataset.split(validation=1, calibration=len(dataset.class_names), seed=0)
    is_same = dataset.class_names == description.trained_on.class_names
    return Compared.of(dataset, splits, has_labels=is_same)


def _print_report(report: ExportReport, folder: Path) -> None:
    for file in report.files:
        print(f"{folder / file.name}  {file.bytes:,} bytes  sha256 {file.sha256}")
    same = "same class on all of them"
    if report.classes_changed:
        same = f"another class on {report.classes_changed} of them"
    what = "probability" if report.preprocessing else "of the logits' scale"
    allowed = "" if report.bound is None else f" (allowed {report.bound:.0e})"
    print(
        f"compared on {report.images_compared} images: {same}, largest"
        f" difference {report.largest_difference:.1e} {what}{allowed}"
    )
    if report.accuracy is not None:
        print(f"accuracy {_accuracy(report)}, the checkpoint's {report.accuracy_before:.2%}")
    assert report.latency_1 is not None and report.latency_64 is not None
    print(
        f"latency {1000 * report.latency_1:.2f} ms for 1 image,"
        f" {1000 * report.latency_64:.2f} ms for 64 ({report.device})"
    )
    if report.memory is not None:
        print(f"memory {report.memory / 2**20:.1f} MiB for 1 image, weights included")


def _print_table(reports: list[ExportReport]) -> None:
    if not reports:
        return
    head = ("form", "bytes", "ms, 1 image", "ms, 64", "difference", "accuracy")
    rows = [
        (
            report.form.name,
            f"{report.bytes:,}",
            f"{1000 * (report.latency_1 or 0):.2f}",
            f"{1000 * (report.latency_64 or 0):.1f}",
            f"{report.largest_difference:.1e}",
            _accuracy(report),
        )
        for report in reports
    ]
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    for row in (head, *rows):
        first, *others = [f"{text:>{width}}" for text, width in zip(row, widths, strict=True)]
        print("  ".join([f"{first.strip():<{widths[0]}}", *others]))
    print(f"measured on {reports[0].device}")


def _accuracy(report: ExportReport) -> str:
    """The accuracy; that of an exact form is the checkpoint's, since every class is the same."""
    if report.accuracy is None or report.accuracy_before is None or report.accuracy_error is None:
        return "the same" if not report.classes_changed else "not known"
    change = report.accuracy - report.accuracy_before
    error = report.accuracy_error
    return f"{report.accuracy:.2%} ({100 * change:+.2f} ± {100 * error:.2f} points)"
