"""Columns that migrations of several apps add: of work, as it was and as it became."""

from typing import Any

from django.db import models
from django.db.migrations import AddField
from django.utils import timezone

STATES = [
    ("queued", "Queued"),
    ("running", "Running"),
    ("paused", "Paused"),
    ("completed", "Completed"),
    ("failed", "Failed"),
    ("cancelled", "Cancelled"),
]
REQUESTS = [("", "Nothing"), ("pause", "Pause"), ("cancel", "Cancel")]


def key() -> tuple[str, Any]:
    """The primary key."""
    return "id", models.BigAutoField(
        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
    )


def state() -> tuple[str, Any]:
    return "state", models.CharField(choices=STATES, default="queued", max_length=10)


def requested() -> tuple[str, Any]:
    return "requested", models.CharField(blank=True, choices=REQUESTS, default="", max_length=6)


def lease() -> list[tuple[str, Any]]:
    """Who is at it, until when, and since when it has been there."""
    return [
        ("lease_until", models.DateTimeField(blank=True, null=True)),
        ("worker", models.CharField(blank=True, default="", max_length=200)),
        ("sent_at", models.DateTimeField(default=timezone.now)),
        ("created_at", models.DateTimeField(default=timezone.now)),
        ("started_at", models.DateTimeField(blank=True, null=True)),
        ("ended_at", models.DateTimeField(blank=True, null=True)),
    ]


def delays(model: str) -> list[AddField]:
    """That work can be delayed, and why."""
    return [
        AddField(model, "delay", models.TextField(blank=True, default="")),
        AddField(model, "delay_code", models.CharField(blank=True, default="", max_length=20)),
        AddField(model, "delays", models.PositiveSmallIntegerField(default=0)),
        AddField(model, "not_before", models.DateTimeField(blank=True, null=True)),
    ]
