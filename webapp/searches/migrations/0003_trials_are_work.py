from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("searches", "0002_log")]

    operations = [
        migrations.RenameField("trial", "losses", "workers_lost"),
        migrations.AddField(
            "trial",
            "requested",
            models.CharField(
                blank=True,
                choices=[("", "Nothing"), ("pause", "Pause"), ("cancel", "Cancel")],
                default="",
                max_length=6,
            ),
        ),
        migrations.RenameIndex("trial", new_name="trial_lease", old_name="trial_state_lease"),
        migrations.AddConstraint(
            "trial",
            models.CheckConstraint(
                condition=models.Q(
                    (
                        "state__in",
                        ["queued", "running", "paused", "completed", "failed", "cancelled"],
                    )
                ),
                name="trial_state_known",
            ),
        ),
    ]
