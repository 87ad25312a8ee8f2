"""What came of a trial is kept once: its outcome only until the engine is told."""

from typing import Any

from django.db import migrations, models
from django.db.models import Q

BATCH = 500


def forwards(apps: Any, _: Any) -> None:
    trials = apps.get_model("searches", "Trial").objects
    known = Q(record__isnull=False) | Q(outcome__isnull=False)
    batch = []
    for trial in trials.filter(known).only("state", "record", "outcome").iterator(BATCH):
        _change(trial)
        batch.append(trial)
        if len(batch) == BATCH:
            trials.bulk_update(batch, ["result", "outcome", "traceback"])
            batch = []
    trials.bulk_update(batch, ["result", "outcome", "traceback"])


def _change(trial: Any) -> None:
    if trial.record is not None:
        trial.result = trial.record["result"]
    if trial.state in ("completed", "failed", "cancelled"):
        trial.outcome = None
    elif trial.outcome is not None and "traceback" in trial.outcome:
        trial.traceback = trial.outcome.pop("traceback")
        trial.outcome["fault"] = True


class Migration(migrations.Migration):
    dependencies = [("searches", "0004_start_trainings")]

    operations = [
        migrations.AddField("trial", "result", models.JSONField(blank=True, null=True)),
        migrations.RunPython(forwards, migrations.RunPython.noop),
    ]
