"""Subcommands and their errors."""

import argparse
import sys
from collections.abc import Sequence

from search_engine.command_line import show
from search_engine.errors import SearchEngineError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand.

    Args:
        arguments: without the program's name; the process's own where None.

    Returns:
        The exit status: 0, or 2 where the input was at fault.
    """
    parser = argparse.ArgumentParser(
        prog="python -m search_engine",
        description="Grow image classifiers by transformations that keep their function.",
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    show.add_command(commands)
    parsed = parser.parse_args(arguments)
    try:
        parsed.run(parsed)
    except SearchEngineError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0
