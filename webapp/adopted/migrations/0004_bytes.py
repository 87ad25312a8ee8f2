from typing import Any

from django.core.files.storage import default_storage
from django.db import migrations, models


def fill(apps: Any, schema_editor: Any) -> None:
    """Of the uploaded files that are still there."""
    rows = apps.get_model("adopted", "AdoptedNetwork").objects
    for pk, names in rows.values_list("pk", "files"):
        paths = [f"start-networks/{pk}/{name}" for name in names]
        size = sum(default_storage.size(path) for path in paths if default_storage.exists(path))
        rows.filter(pk=pk).update(bytes=size)


class Migration(migrations.Migration):
    dependencies = [("adopted", "0003_waiting")]

    operations = [
        migrations.AddField("adoptednetwork", "bytes", models.PositiveBigIntegerField(default=0)),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
