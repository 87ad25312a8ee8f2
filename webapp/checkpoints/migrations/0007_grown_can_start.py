from typing import Any

from django.db import migrations

from search_engine.spec import Architecture, can_grow
from search_engine.spec.errors import SearchEngineError


def look_again(apps: Any, _: Any) -> None:
    """Networks that have grown could not be grown further."""
    for row in apps.get_model("checkpoints", "Checkpoint").objects.filter(can_start=False):
        try:
            architecture = Architecture.from_json(row.description["architecture"])
        except (KeyError, SearchEngineError):
            continue
        row.can_start = can_grow(architecture.skeleton, architecture.cell)
        row.save(update_fields=["can_start"])


class Migration(migrations.Migration):
    dependencies = [("checkpoints", "0006_fill_datasets")]

    operations = [migrations.RunPython(look_again, migrations.RunPython.noop)]
