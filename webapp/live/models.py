"""Rows of logs. Only `live.log` writes them."""

from typing import ClassVar

from django.db import models
from django.utils import timezone


class Log(models.Model):
    """The log of one topic: its row is the lock under which its events are numbered."""

    kind = models.CharField(max_length=20)
    topic_id = models.PositiveBigIntegerField()
    last_sequence = models.PositiveBigIntegerField(default=0)
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "topic_id"], name="log_of_topic_once")
        ]
        indexes: ClassVar = [models.Index(fields=["changed_at"], name="log_changed")]

    def __str__(self) -> str:
        return f"log of {self.kind} {self.topic_id}"


class Event(models.Model):
    """A fact about a topic, numbered from 1 in the order in which it was committed."""

    log = models.ForeignKey(Log, on_delete=models.CASCADE, related_name="events")
    sequence = models.PositiveBigIntegerField()
    kind = models.CharField(max_length=40)
    payload = models.JSONField()
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["log", "sequence"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["log", "sequence"], name="event_numbered_once")
        ]

    def __str__(self) -> str:
        return f"{self.sequence} {self.kind}"
