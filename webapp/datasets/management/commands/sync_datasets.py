"""`manage.py sync_datasets`: the published data sets, and which of them are on this server."""

from typing import Any

from django.core.management.base import BaseCommand

FIRST = "digits"
"""So small that it is prepared at once: the first page offers it before a worker has started."""


class Command(BaseCommand):
    """Makes or refreshes the rows of published data sets; run at every start."""

    help = "Make or refresh the rows of published data sets."

    def handle(self, *args: Any, **options: Any) -> None:
        # Only here: `manage.py help` and the web process stay free of torch.
        from webapp.datasets import built_in, preparation, uploads

        uploads.clear_left_uploads()
        datasets = built_in.sync()
        for dataset in datasets:
            if dataset.engine_name == FIRST and not dataset.is_ready:
                preparation.prepare(dataset.pk)
        here = ", ".join(dataset.name for dataset in datasets if dataset.on_disk)
        self.stdout.write(f"{len(datasets)} published data sets; on this server: {here}.")
