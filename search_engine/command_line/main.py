"""Subcommands with their options, and their errors. Help needs no torch."""

import argparse
import io
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn, cast

from search_engine.command_line.adopted import add_adopted_options, add_weights_options
from search_engine.command_line.options import (
    SEARCH_FLAGS,
    TRAINING_FLAGS,
    add_answers,
    add_network_options,
    add_settings,
    read_image,
)
from search_engine.spec.errors import SearchEngineError
from search_engine.spec.export_form import OPSET, OPSETS, ExportKind, Precision
from search_engine.spec.final_presets import FINAL_PRESETS
from search_engine.spec.final_training import FinalTrainingConfig
from search_engine.spec.presets import PRESETS
from search_engine.spec.search_config import SearchConfig


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, as for every other error; `--help` has the usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"error: {message}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand.

    Args:
        arguments: without the program's name; the process's own where None.

    Returns:
        The exit status: 0, or 2 where the input was at fault, or what the command gives.
    """
    parser = _Parser(
        prog="python -m search_engine",
        description="Grow image classifiers by transformations that keep their function.",
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for add in (_show, _dataset, _search, _train, _evaluate, _export, _predict):
        add(commands)
    parsed = parser.parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without the drawing's characters
    try:
        # Only now: who asks for help does not wait for torch.
        module, _, function = parsed.run.partition(":")
        command = getattr(import_module(f"search_engine.command_line.{module}"), function)
        return cast(int, command(parsed))
    except SearchEngineError as error:
        print("error:", *str(error).splitlines(), file=sys.stderr)
        return 2


def _show(commands: Any) -> None:
    parser = commands.add_parser(
        "show",
        help="draw a cell, count a network",
        description="Draw a cell in the terminal, with the parameters and multiply-adds of a"
        " network that has it at its sites; or print the size of the search space.",
    )
    add_network_options(parser)
    parser.add_argument("--image", type=read_image, metavar="C,H,W", help="shape of an image")
    parser.add_argument("--classes", type=int, metavar="N")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--space", action="store_true", help="print the search space's size")
    parser.set_defaults(run="show:show")


def _dataset(commands: Any) -> None:
    parser = commands.add_parser(
        "dataset",
        help="look at a folder or archive of pictures",
        description="Say what is in a folder or archive (.zip, .tar, .tar.gz, .tar.zst) of"
        " pictures: classes, sizes, what was left out. Exit status 0: it can be used as it is; 3: a"
        " question must be answered first, by the option that is shown with it; 2: it can't be"
        " used.",
    )
    parser.add_argument("path", type=Path, metavar="PATH", help="a folder or an archive")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="store the prepared images there, for --data of other commands; sets larger than"
        " memory are trained from it",
    )
    add_answers(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run="dataset:show_dataset")


def _search(commands: Any) -> None:
    parser = commands.add_parser(
        "search",
        help="run a search on this machine",
        description="Train a start network, grow children from it, and keep the best. Ctrl-C stops;"
        " --resume goes on where it was.",
    )
    parser.add_argument("--preset", choices=PRESETS, default="digits-demo")
    parser.add_argument(
        "--minutes",
        type=float,
        metavar="N",
        help="the time at hand: in place of a preset, a plan that fits the data set and this time",
    )
    add_settings(parser, SearchConfig, SEARCH_FLAGS)
    _add_where_data_is(parser)
    parser.add_argument("--out", type=Path, metavar="DIR", help="where to keep the search")
    parser.add_argument("--resume", type=Path, metavar="DIR", help="go on with a search kept there")
    parser.add_argument("--start", type=Path, metavar="DIR", help="checkpoint of a start network")
    add_adopted_options(parser, default=None)
    add_weights_options(parser)
    _add_device(parser)
    _add_threads(parser)
    parser.set_defaults(run="search:run_search")


def _train(commands: Any) -> None:
    parser = commands.add_parser(
        "train",
        help="train a cell in a larger network",
        description="Final training: a cell in a network of any size, with the test accuracy at the"
        " end. Run it again with the same --out to go on after an interruption. On several devices:"
        " torchrun --nproc-per-node=N -m search_engine train --distributed …",
    )
    parser.add_argument(
        "--preset", choices=FINAL_PRESETS, help="network and recipe; the options below change it"
    )
    add_network_options(parser)
    parser.add_argument(
        "--found", "--from", type=Path, dest="found", metavar="DIR", help="a trial's cell"
    )
    add_weights_options(
        parser, "scratch; grown: go on from the trial's weights, in the trial's own network; "
    )
    _add_data(parser)
    parser.add_argument("--out", type=Path, metavar="DIR", required=True)
    add_settings(parser, FinalTrainingConfig, TRAINING_FLAGS, defaults_of="recipe")
    _add_threads(parser)
    parser.add_argument(
        "--distributed",
        action="store_true",
        help="be one of torchrun's processes; --device takes one for each, with commas between",
    )
    parser.set_defaults(run="train:train")


def _evaluate(commands: Any) -> None:
    parser = commands.add_parser(
        "evaluate",
        help="measure a checkpoint on test images",
        description="Accuracy of a checkpoint on a data set's test images, by class.",
    )
    _add_checkpoint(parser)
    _add_data(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run="use:evaluate_checkpoint")


def _export(commands: Any) -> None:
    parser = commands.add_parser(
        "export",
        help="write a checkpoint for use elsewhere",
        description="Write a checkpoint in a format that runs without Espalier. It is read back and"
        " compared with the network on real images, and kept only if it computes the same.",
    )
    _add_checkpoint(parser)
    parser.add_argument(
        "--to",
        choices=[*(kind.value for kind in ExportKind), "all"],
        required=True,
        help="all: every form, each in a folder of its own, with a table of sizes and latencies",
    )
    parser.add_argument("--out", type=Path, metavar="DIR", required=True, help="a new folder")
    parser.add_argument(
        "--precision",
        choices=[precision.value for precision in Precision],
        help="of ONNX: float16 or int8; int8 is calibrated on real images, and tells its accuracy",
    )
    parser.add_argument(
        "--preprocessing",
        action="store_true",
        help="of ONNX: takes RGB or RGBA pictures of any size and gives probabilities",
    )
    parser.add_argument(
        "--opset",
        type=int,
        metavar="N",
        help=f"of ONNX: {OPSETS[0]} to {OPSETS[1]}, {OPSET} by default",
    )
    parser.add_argument(
        "--images",
        type=Path,
        metavar="DIR",
        help="images to compare on, in any folders; in folders with the names of the classes they"
        " tell the accuracy, too; by default the test images of the data set that the checkpoint"
        " names",
    )
    parser.add_argument("--data-folder", type=Path, help="where data sets are on disk")
    _add_threads(parser)
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.set_defaults(run="export:export")


def _predict(commands: Any) -> None:
    parser = commands.add_parser(
        "predict",
        help="classify images",
        description="The likeliest classes of images, with their probabilities.",
    )
    _add_checkpoint(parser)
    parser.add_argument("images", type=Path, nargs="+", metavar="IMAGE")
    parser.add_argument("--top", type=int, default=3, metavar="N", help="classes to show")
    _add_device(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run="use:predict")


def _add_checkpoint(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("checkpoint", type=Path, help="a checkpoint's folder, or its zip")


def _add_data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", metavar="NAME", help="a data set's name, or a folder or zip")
    _add_where_data_is(parser)
    _add_device(parser)


def _add_where_data_is(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data-folder", type=Path, help="where data sets are on disk")
    parser.add_argument("--download", action="store_true", help="download the data set if missing")


def _add_device(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--device", help="cpu, cuda, cuda:1, …; the fastest there is by default")


def _add_threads(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--threads", type=int, metavar="N", help="CPU threads; torch's choice else")
