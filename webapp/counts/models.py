"""Rows of what processes have counted; `counting` alone writes them."""

from django.db import models
from django.utils import timezone


class Counts(models.Model):
    """What one life of a process has counted so far; one row has that of all that are long gone."""

    process = models.CharField(max_length=40, unique=True)
    at = models.DateTimeField(default=timezone.now, db_index=True)
    values = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"counts of {self.process}"
