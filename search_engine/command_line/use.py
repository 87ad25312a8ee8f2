"""`export` and `predict`: their options. What they do needs torch, and is beside."""

import argparse
from pathlib import Path
from typing import Any

from search_engine.export_report import ExportKind


def add_commands(commands: Any) -> None:
    """Add the subcommands to argparse's subparsers."""
    _add_export(commands)
    _add_predict(commands)


def _add_export(commands: Any) -> None:
    parser = commands.add_parser(
        "export",
        help="write a checkpoint for use elsewhere",
        description="Write a checkpoint in a form that runs without Espalier. It is read back and"
        " compared with the network on real images, and kept only if it computes the same.",
    )
    _add_checkpoint(parser)
    parser.add_argument("--to", choices=[kind.value for kind in ExportKind], required=True)
    parser.add_argument("--out", type=Path, metavar="DIR", required=True, help="a new folder")
    parser.add_argument(
        "--images",
        type=Path,
        metavar="DIR",
        help="images to compare on, in any folders; by default the test images of the data set"
        " that the checkpoint names",
    )
    parser.add_argument("--data-folder", type=Path, help="where data sets are on disk")
    parser.add_argument("--threads", type=int, metavar="N", help="CPU threads; torch's choice else")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.set_defaults(run=_export)


def _add_predict(commands: Any) -> None:
    parser = commands.add_parser(
        "predict",
        help="classify images",
        description="The likeliest classes of images, with their probabilities.",
    )
    _add_checkpoint(parser)
    parser.add_argument("images", type=Path, nargs="+", metavar="IMAGE")
    parser.add_argument("--top", type=int, default=3, metavar="N", help="classes to show")
    parser.add_argument("--device", help="cpu, cuda, cuda:1, …; the fastest there is by default")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=_predict)


def _add_checkpoint(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("checkpoint", type=Path, help="a checkpoint's folder, or its zip")


def _export(arguments: argparse.Namespace) -> int:
    from search_engine.command_line.export_run import export

    return export(arguments)


def _predict(arguments: argparse.Namespace) -> int:
    from search_engine.command_line.predict_run import predict

    return predict(arguments)
