import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("checkpoints", "0003_measured"),
        ("searches", "0003_trials_are_work"),
        ("trainings", "0001_initial"),
    ]

    operations = [
        migrations.RenameModel("FinalTraining", "Training"),
        migrations.AlterModelTable("training", None),
        migrations.RenameField("training", "losses", "workers_lost"),
        migrations.AddField(
            "training",
            "purpose",
            models.CharField(
                choices=[
                    ("start", "Start network"),
                    ("final", "Final training"),
                    ("comparison", "Comparison"),
                ],
                default="final",
                max_length=10,
            ),
            preserve_default=False,
        ),
        migrations.AlterField(
            "training",
            "search",
            models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="trainings",
                to="searches.search",
            ),
        ),
        migrations.AlterField(
            "training",
            "trial",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="trainings",
                to="searches.trial",
            ),
        ),
        migrations.AlterField(
            "training",
            "checkpoint",
            models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="training",
                to="checkpoints.checkpoint",
            ),
        ),
        migrations.RenameIndex("training", new_name="training_lease", old_name="final_state_lease"),
        migrations.AddConstraint(
            "training",
            models.CheckConstraint(
                condition=models.Q(
                    (
                        "state__in",
                        ["queued", "running", "paused", "completed", "failed", "cancelled"],
                    )
                ),
                name="training_state_known",
            ),
        ),
        migrations.AddConstraint(
            "training",
            models.CheckConstraint(
                condition=models.Q(("purpose__in", ["start", "final", "comparison"])),
                name="training_purpose_known",
            ),
        ),
        migrations.AddConstraint(
            "training",
            models.UniqueConstraint(
                condition=models.Q(("purpose", "start")),
                fields=("search",),
                name="start_training_once",
            ),
        ),
    ]
