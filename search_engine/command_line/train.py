"""`train` and `evaluate`: their options. What they do needs torch, and is beside."""

import argparse
from pathlib import Path
from typing import Any

from search_engine.command_line.network_options import add_network_options
from search_engine.final_training import FINAL_PRESETS, Weights
from search_engine.final_training.config import FINAL_RECIPE


def add_commands(commands: Any) -> None:
    """Add the subcommands to argparse's subparsers."""
    _add_train(commands)
    _add_evaluate(commands)


def _add_train(commands: Any) -> None:
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
    parser.add_argument(
        "--weights",
        choices=list(Weights),
        default=Weights.SCRATCH,
        help="grown: go on from the trial's weights, in the trial's own network",
    )
    add_data_options(parser)
    parser.add_argument("--out", type=Path, metavar="DIR", required=True)
    _add_recipe_options(parser)
    parser.add_argument("--validation", type=int, metavar="N", help="images held out for the curve")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, metavar="N", help="CPU threads; torch's choice else")
    parser.add_argument(
        "--distributed",
        action="store_true",
        help="be one of torchrun's processes; --device takes one for each, with commas between",
    )
    parser.set_defaults(run=_train)


def _add_recipe_options(parser: argparse.ArgumentParser) -> None:
    recipe = FINAL_RECIPE
    parser.add_argument("--epochs", type=int, help=f"{recipe.epochs} by default")
    parser.add_argument("--batch-size", type=int, help=f"{recipe.batch_size} by default")
    parser.add_argument("--learning-rate", type=float, help=f"{recipe.learning_rate} by default")
    parser.add_argument("--weight-decay", type=float, help=f"{recipe.weight_decay} by default")
    parser.add_argument("--label-smoothing", type=float, metavar="P")
    parser.add_argument("--ema", type=float, metavar="DECAY", help="average of the weights")
    parser.add_argument("--cutout", type=int, metavar="PIXELS", help="side of the square cut out")


def _add_evaluate(commands: Any) -> None:
    parser = commands.add_parser(
        "evaluate",
        help="measure a checkpoint on test images",
        description="Accuracy of a checkpoint on a data set's test images, by class.",
    )
    parser.add_argument("checkpoint", type=Path, help="a checkpoint's folder, or its zip")
    add_data_options(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=_evaluate)


def add_data_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which images, where they are, and on which device."""
    parser.add_argument("--data", metavar="NAME", help="a data set's name, or a folder or zip")
    parser.add_argument("--data-folder", type=Path, help="where data sets are on disk")
    parser.add_argument("--download", action="store_true", help="download the data set if missing")
    parser.add_argument("--device", help="cpu, cuda, cuda:1, …; the fastest there is by default")


def _train(arguments: argparse.Namespace) -> int:
    from search_engine.command_line.train_run import train

    return train(arguments)


def _evaluate(arguments: argparse.Namespace) -> int:
    from search_engine.command_line.evaluate_run import evaluate_checkpoint

    return evaluate_checkpoint(arguments)
