"""Rows of workers: each writes its own, every few seconds, for as long as it lives."""

from datetime import timedelta
from typing import ClassVar, Final

from django.db import models
from django.utils import timezone

TRAINING_QUEUE: Final = "gpu"

BEAT_SECONDS: Final = 5.0

OFFLINE_AFTER: Final = timedelta(seconds=20)
"""Silence after which a worker counts as gone: a lost one shows within 30 s on a page."""

FORGOTTEN_AFTER: Final = timedelta(days=7)


class Worker(models.Model):
    """A Celery worker under its own name, `gpu0@host`, as trials name it too."""

    name = models.CharField(max_length=200, unique=True)
    host = models.CharField(max_length=200)
    queues = models.JSONField(default=list)
    device = models.CharField(max_length=200)
    is_gpu = models.BooleanField(default=False)
    memory_used_bytes = models.BigIntegerField(null=True, blank=True)
    memory_total_bytes = models.BigIntegerField(null=True, blank=True)
    used_share = models.FloatField(null=True, blank=True)
    temperature_celsius = models.FloatField(null=True, blank=True)
    fault = models.TextField(blank=True, default="")
    started_at = models.DateTimeField(default=timezone.now)
    heartbeat_at = models.DateTimeField(default=timezone.now)
    stopped_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["name"]
        indexes: ClassVar = [models.Index(fields=["heartbeat_at"], name="worker_heartbeat")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_online(self) -> bool:
        """It has not said good-bye, and was heard of a moment ago."""
        return self.stopped_at is None and timezone.now() - self.heartbeat_at < OFFLINE_AFTER

    @property
    def trains(self) -> bool:
        """It trains and measures; otherwise it coordinates searches and reads files."""
        return TRAINING_QUEUE in self.queues
