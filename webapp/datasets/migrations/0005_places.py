"""Rows say where their files lie; until now that followed from their number."""

from typing import Any

from django.core.files.storage import default_storage
from django.db import migrations, models


def say_where(apps: Any, schema_editor: Any) -> None:
    for dataset in apps.get_model("datasets", "Dataset").objects.iterator(500):
        home = f"datasets/{dataset.pk}"
        if dataset.prepared_at is not None:
            dataset.prepared = f"{home}/prepared"
        if dataset.owner_id is not None and dataset.state != "completed":
            upload = f"{home}/upload.zip"
            dataset.upload = upload if default_storage.exists(upload) else ""
            dataset.surveyed = f"{home}/survey" if dataset.report else ""
        dataset.save(update_fields=["prepared", "upload", "surveyed"])


class Migration(migrations.Migration):
    dependencies = [
        ("datasets", "0004_answers"),
    ]

    operations = [
        migrations.AddField(
            model_name="dataset",
            name="prepared",
            field=models.CharField(blank=True, default="", max_length=100),
        ),
        migrations.AddField(
            model_name="dataset",
            name="surveyed",
            field=models.CharField(blank=True, default="", max_length=100),
        ),
        migrations.AddField(
            model_name="dataset",
            name="upload",
            field=models.CharField(blank=True, default="", max_length=100),
        ),
        migrations.RunPython(say_where, migrations.RunPython.noop),
    ]
