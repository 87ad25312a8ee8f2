"""`train`, `evaluate`, `export`: their options. What they do needs torch, and is beside."""

import argparse
from pathlib import Path
from typing import Any

from search_engine.command_line.network_options import add_network_options


def add_commands(commands: Any) -> None:
    """Add the subcommands to argparse's subparsers."""
    _add_train(commands)
    _add_evaluate(commands)
    _add_export(commands)


def _add_train(commands: Any) -> None:
    parser = commands.add_parser(
        "train",
        help="train a cell in a larger network",
        description="Final training: a cell in a network of any size, from scratch, with the test"
        " accuracy at the end. Run it again with the same --out to go on after an interruption.",
    )
    add_network_options(parser)
    parser.add_argument("--from", type=Path, dest="found", metavar="DIR", help="a trial's cell")
    _add_data_options(parser)
    parser.add_argument("--out", type=Path, metavar="DIR", required=True)
    parser.add_argument("--epochs", type=int, default=300)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--learning-rate", type=float, default=0.1)
    parser.add_argument("--label-smoothing", type=float, default=0.0)
    parser.add_argument("--ema", type=float, metavar="DECAY", help="average of the weights")
    parser.add_argument("--cutout", type=int, metavar="PIXELS", help="side of the square cut out")
    parser.add_argument("--validation", type=int, metavar="N", help="images held out")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, metavar="N", help="CPU threads; torch's choice else")
    parser.set_defaults(run=_train)


def _add_evaluate(commands: Any) -> None:
    parser = commands.add_parser(
        "evaluate",
        help="measure a checkpoint on test images",
        description="Accuracy of a checkpoint on a data set's test images, by class.",
    )
    parser.add_argument("checkpoint", type=Path, metavar="DIR")
    _add_data_options(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=_evaluate)


def _add_export(commands: Any) -> None:
    parser = commands.add_parser(
        "export",
        help="write a checkpoint for use elsewhere",
        description="Write a checkpoint as a torch.export program, after checking that it computes"
        " the same.",
    )
    parser.add_argument("checkpoint", type=Path, metavar="DIR")
    parser.add_argument("--format", choices=["torch-export"], default="torch-export")
    parser.add_argument("--out", type=Path, metavar="FILE", required=True)
    parser.set_defaults(run=_export)


def _add_data_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", metavar="NAME", help="a data set's name, or a folder or zip")
    parser.add_argument("--data-folder", type=Path, help="where data sets are on disk")
    parser.add_argument("--download", action="store_true", help="download the data set if missing")
    parser.add_argument("--device", help="cpu, cuda, cuda:1, …; the fastest there is by default")


def _train(arguments: argparse.Namespace) -> int:
    from search_engine.command_line.train_run import train

    return train(arguments)


def _evaluate(arguments: argparse.Namespace) -> int:
    from search_engine.command_line.train_run import evaluate_checkpoint

    return evaluate_checkpoint(arguments)


def _export(arguments: argparse.Namespace) -> int:
    from search_engine.command_line.export_run import export

    return export(arguments)
