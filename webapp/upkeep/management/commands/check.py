"""`manage.py check`: Django's checks, and whether all that Espalier stands on is well."""

from typing import Any

from django.core import checks as django_checks
from django.core.management.commands.check import Command as DjangoCommand

from webapp.upkeep import checks


class Command(DjangoCommand):
    """Asks the disk, the database, Redis and the GPU, too."""

    def handle(self, *app_labels: Any, **options: Any) -> None:
        if not app_labels and not options["tags"]:

            def ours(**_: Any) -> list[django_checks.CheckMessage]:
                return checks.run()

            django_checks.register(ours, "espalier")
        super().handle(*app_labels, **options)
