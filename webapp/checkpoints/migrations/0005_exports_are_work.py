import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("checkpoints", "0004_exports"), ("datasets", "0001_initial")]

    operations = [
        operation
        for model in ("export", "measurement")
        for operation in (
            migrations.RenameField(model, "losses", "workers_lost"),
            migrations.AddField(
                model,
                "requested",
                models.CharField(
                    blank=True,
                    choices=[("", "Nothing"), ("pause", "Pause"), ("cancel", "Cancel")],
                    default="",
                    max_length=6,
                ),
            ),
            migrations.AddField(model, "progress", models.JSONField(blank=True, null=True)),
            migrations.RemoveConstraint(model, f"{model}_state_known"),
            migrations.AddConstraint(
                model,
                models.CheckConstraint(
                    condition=models.Q(
                        (
                            "state__in",
                            ["queued", "running", "paused", "completed", "failed", "cancelled"],
                        )
                    ),
                    name=f"{model}_state_known",
                ),
            ),
        )
    ] + [
        migrations.AlterModelTable("export", None),
        migrations.AlterModelTable("measurement", None),
        migrations.AddField(
            "checkpoint",
            "dataset",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="datasets.dataset",
            ),
        ),
    ]
