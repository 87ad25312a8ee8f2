"""`manage.py delete_user NAME`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.template.defaultfilters import filesizeformat

from webapp.accounts.models import User
from webapp.upkeep import leaving


class Command(BaseCommand):
    """Says first what goes with them, and asks."""

    help = "Delete a user with searches, data sets, checkpoints and all files; there is no undo."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["name"]).first()
        if user is None:
            raise CommandError(f"There is no user {options['name']}.")
        kept = leaving.kept_of(user)
        size = filesizeformat(kept.bytes).replace("\N{NO-BREAK SPACE}", " ")
        self.stdout.write(
            f"{user.username} has {kept.searches} searches, {kept.datasets} data sets and"
            f" {kept.checkpoints} checkpoints. Deleting them frees {size} ({kept.bytes} bytes)."
        )
        if not options["yes"] and input(f"Type {user.username} to delete: ") != user.username:
            raise CommandError("Nothing was deleted.")
        try:
            leaving.delete(user)
        except leaving.CannotLeave as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{user.username} was deleted.")
