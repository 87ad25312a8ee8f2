"""`manage.py verify_files`: whether rows, files and their SHA-256 sums agree."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from webapp.upkeep import verification


class Command(BaseCommand):
    """Reads every file once; ends with status 1 where something does not agree."""

    help = "Compare rows, files and SHA-256 sums."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--delete-unknown", action="store_true", help="delete files that no row knows of"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["delete_unknown"]:
            for one in verification.delete_unknown():
                self.stdout.write(f"deleted {one.path}")
        found = list(verification.verify())
        verification.keep_report(found)
        for one in found:
            of = f", of {one.title}" if one.title else ""
            self.stdout.write(f"{one.kind} {one.path}{of}")
        self.stdout.write(f"{len(found) or 'no'} differences between rows and files")
        if found:
            sys.exit(1)
