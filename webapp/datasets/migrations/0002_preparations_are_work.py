import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("datasets", "0001_initial")]

    operations = [
        migrations.RemoveConstraint("dataset", "datasets_dataset_progress_is_a_fraction"),
        migrations.RemoveField("dataset", "progress"),
        migrations.RemoveField("dataset", "progress_note"),
        migrations.AddField("dataset", "progress", models.JSONField(blank=True, null=True)),
        migrations.RenameField("dataset", "losses", "workers_lost"),
        migrations.AddField(
            "dataset",
            "requested",
            models.CharField(
                blank=True,
                choices=[("", "Nothing"), ("pause", "Pause"), ("cancel", "Cancel")],
                default="",
                max_length=6,
            ),
        ),
        migrations.AddField("dataset", "traceback", models.TextField(blank=True, default="")),
        migrations.AddField(
            "dataset", "worker", models.CharField(blank=True, default="", max_length=200)
        ),
        migrations.AddField("dataset", "started_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("dataset", "ended_at", models.DateTimeField(blank=True, null=True)),
        migrations.AlterField(
            "dataset", "sent_at", models.DateTimeField(default=django.utils.timezone.now)
        ),
        migrations.RemoveIndex("dataset", "datasets_dataset_state"),
        migrations.AddIndex(
            "dataset", models.Index(fields=["state", "lease_until"], name="dataset_lease")
        ),
    ]
