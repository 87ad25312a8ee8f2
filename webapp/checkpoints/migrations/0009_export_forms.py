from typing import Any

from django.db import migrations, models
from django.db.models import F


def name_as_kind(apps: Any, _: Any) -> None:
    """Until now each format had one form, its usual one."""
    apps.get_model("checkpoints", "Export").objects.update(name=F("kind"))


class Migration(migrations.Migration):
    dependencies = [("checkpoints", "0008_waiting")]

    operations = [
        migrations.AddField(
            "export", "name", models.CharField(blank=True, default="", max_length=40)
        ),
        migrations.RunPython(name_as_kind, migrations.RunPython.noop),
        migrations.RemoveConstraint("export", "export_kind_once"),
        migrations.AddConstraint(
            "export",
            models.UniqueConstraint(fields=["checkpoint", "name"], name="export_name_once"),
        ),
    ]
