"""Subcommands and their errors."""

import argparse
import io
import sys
from collections.abc import Sequence
from typing import NoReturn

from search_engine.command_line import search, show, train, use
from search_engine.errors import SearchEngineError


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
    show.add_command(commands)
    search.add_command(commands)
    train.add_commands(commands)
    use.add_commands(commands)
    parsed = parser.parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without the drawing's characters
    try:
        status: int | None = parsed.run(parsed)
    except SearchEngineError as error:
        print("error:", *str(error).splitlines(), file=sys.stderr)
        return 2
    return status or 0
