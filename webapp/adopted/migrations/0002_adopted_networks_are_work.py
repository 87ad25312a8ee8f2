import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("adopted", "0001_initial"),
        ("checkpoints", "0006_fill_datasets"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RenameModel("StartNetwork", "AdoptedNetwork"),
        migrations.AlterModelTable("adoptednetwork", None),
        migrations.RenameField("adoptednetwork", "losses", "workers_lost"),
        migrations.AddField(
            "adoptednetwork",
            "requested",
            models.CharField(
                blank=True,
                choices=[("", "Nothing"), ("pause", "Pause"), ("cancel", "Cancel")],
                default="",
                max_length=6,
            ),
        ),
        migrations.AddField(
            "adoptednetwork", "traceback", models.TextField(blank=True, default="")
        ),
        migrations.AddField("adoptednetwork", "progress", models.JSONField(blank=True, null=True)),
        migrations.AddField(
            "adoptednetwork",
            "worker",
            models.CharField(blank=True, default="", max_length=200),
        ),
        migrations.AddField(
            "adoptednetwork", "started_at", models.DateTimeField(blank=True, null=True)
        ),
        migrations.AddField(
            "adoptednetwork", "ended_at", models.DateTimeField(blank=True, null=True)
        ),
        migrations.AlterField(
            "adoptednetwork",
            "owner",
            models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="adopted_networks",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            "adoptednetwork",
            "checkpoint",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="adopted_networks",
                to="checkpoints.checkpoint",
            ),
        ),
        migrations.RenameIndex(
            "adoptednetwork", "adopted_owner_created", old_name="start_network_owner_created"
        ),
        migrations.RenameIndex(
            "adoptednetwork", "adoptednetwork_lease", old_name="start_network_state_lease"
        ),
        migrations.RemoveConstraint("adoptednetwork", "start_network_source_known"),
        migrations.AddConstraint(
            "adoptednetwork",
            models.CheckConstraint(
                condition=models.Q(("source__in", ["torchvision", "program", "checkpoint"])),
                name="adopted_source_known",
            ),
        ),
        migrations.AddConstraint(
            "adoptednetwork",
            models.CheckConstraint(
                condition=models.Q(
                    (
                        "state__in",
                        ["queued", "running", "paused", "completed", "failed", "cancelled"],
                    )
                ),
                name="adoptednetwork_state_known",
            ),
        ),
    ]
