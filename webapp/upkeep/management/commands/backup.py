"""`manage.py backup FILE`."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from webapp.upkeep import backup


class Command(BaseCommand):
    """Rows and files of one moment, while everything runs."""

    help = "Write rows and files into one tar; searches may run meanwhile."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            rows = backup.back_up(options["file"])
        except backup.BackupError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{rows:,} rows and their files are in {options['file']}")
