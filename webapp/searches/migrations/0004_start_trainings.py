from django.db import migrations

GONE = (
    "start_accuracy",
    "start_parameters",
    "start_multiply_adds",
    "start_progress",
    "start_completed_at",
    "start_attempt",
    "start_losses",
    "start_lease_until",
    "start_worker",
    "sent_at",
)


class Migration(migrations.Migration):
    dependencies = [
        ("searches", "0003_trials_are_work"),
        ("trainings", "0003_start_networks"),
    ]

    operations = [
        migrations.RemoveIndex("search", "search_state_lease"),
        *(migrations.RemoveField("search", name) for name in GONE),
    ]
