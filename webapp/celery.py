"""The Celery application: `celery --app webapp.celery worker --queues gpu`."""

import os

from celery import Celery, signals
from kombu.transport import TRANSPORT_ALIASES

from webapp.work import stopping

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")

TRANSPORT_ALIASES["filesystem"] = "webapp.file_broker:Transport"

app = Celery("espalier")
app.config_from_object("django.conf:settings", namespace="CELERY")
# Lazy: only a worker imports the tasks, so the web process never reaches what they import.
app.autodiscover_tasks()


@signals.setup_logging.connect
def leave_logging(**_: object) -> None:
    """Django has set it up: with a receiver of this signal Celery leaves it alone."""


signals.celeryd_after_setup.connect(stopping.before_pool, weak=False)
signals.worker_shutting_down.connect(stopping.request, weak=False)
signals.worker_process_init.connect(stopping.in_child, weak=False)
signals.task_prerun.connect(stopping.before_task, weak=False)
signals.beat_embedded_init.connect(stopping.in_clock, weak=False)
