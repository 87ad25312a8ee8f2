"""`search`: its options. What it does is in `search_run`, so that help needs no torch."""

import argparse
from pathlib import Path
from typing import Any

from search_engine.command_line.adopted_options import add_adopted_options
from search_engine.config import STRATEGIES
from search_engine.presets import PRESETS


def add_command(commands: Any) -> None:
    """Add the subcommand to argparse's subparsers."""
    parser = commands.add_parser(
        "search",
        help="run a search on this machine",
        description="Train a start network, grow children from it, and keep the best. Ctrl-C stops;"
        " --resume goes on where it was.",
    )
    parser.add_argument("--preset", choices=PRESETS, default="digits-demo")
    parser.add_argument("--data", metavar="NAME", help="a data set's name, or a folder or zip")
    parser.add_argument("--data-folder", type=Path, help="where data sets are on disk")
    parser.add_argument("--download", action="store_true", help="download the data set if missing")
    parser.add_argument("--out", type=Path, metavar="DIR", help="where to keep the search")
    parser.add_argument("--resume", type=Path, metavar="DIR", help="go on with a search kept there")
    parser.add_argument("--start", type=Path, metavar="DIR", help="checkpoint of a start network")
    add_adopted_options(parser, default=None)
    parser.add_argument(
        "--weights",
        type=Path,
        metavar="FILE",
        help="of a torchvision or exported network: safetensors, or .pth with tensors only; the"
        " training of the start network begins with them",
    )
    parser.add_argument("--trials", type=int, metavar="N", help="end after so many trials")
    parser.add_argument("--seconds", type=int, metavar="N", help="end after so many seconds")
    parser.add_argument("--epochs", type=int, metavar="N", help="epochs of each child")
    parser.add_argument("--strategy", choices=STRATEGIES)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--device", help="cpu, cuda, cuda:1, …; the fastest there is by default")
    parser.add_argument("--threads", type=int, metavar="N", help="CPU threads; torch's choice else")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run or resume a search; the exit status is 130 where Ctrl-C stopped it."""
    from search_engine.command_line.search_run import run_search

    return run_search(arguments)
