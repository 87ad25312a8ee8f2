"""Finding builds that were lost, and saying again what is due."""

from datetime import timedelta

from django.utils import timezone

from webapp.exports import lifecycle
from webapp.exports.models import Export
from webapp.state import State
from webapp.task_queue import TaskName, send

RESEND_AFTER = timedelta(seconds=30)


def recover() -> None:
    """Queue again what a lost worker held, and send again what nobody took."""
    now = timezone.now()
    for export in Export.objects.filter(state=State.RUNNING, lease_until__lt=now):
        lifecycle.export_interrupted(export.pk, export.attempt, lost=True)
    for export in Export.objects.filter(state=State.QUEUED, sent_at__lte=now - RESEND_AFTER):
        lifecycle.export_sent(export.pk)
        send(TaskName.BUILD_EXPORT, export.pk)
