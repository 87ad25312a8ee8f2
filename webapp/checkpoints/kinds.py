"""Exports and measurements as kinds of work."""

from typing import Any

from django.urls import reverse

from webapp.checkpoints.models import Export, Measurement
from webapp.checkpoints.selectors import visible_to
from webapp.live.topics import Topic
from webapp.work.kind import Kind
from webapp.work.queue import GPU


def _topic(row: Export | Measurement) -> Topic:
    return Topic("checkpoint", row.checkpoint_id)


def _address(row: Export | Measurement) -> str:
    return reverse("checkpoint", args=[row.checkpoint_id])


_RELATED = ("checkpoint__search", "checkpoint__trial")


class _ExportKind(Kind[Export]):
    def about(self, row: Export) -> dict[str, Any]:
        return {"kind": row.kind, "name": row.name}


EXPORT = _ExportKind(
    name="export",
    label="This export",
    rows=Export,
    queue=GPU,
    body="webapp.checkpoints.worker:build",
    topic=_topic,
    title=lambda row: f"{row.label} of {row.checkpoint.title}",
    address=_address,
    visible=lambda user: Export.objects.filter(checkpoint__in=visible_to(user).values("pk")),
    owner="checkpoint__owner",
    group="checkpoint",
    related=_RELATED,
)
MEASUREMENT = Kind(
    name="measurement",
    label="This measurement",
    rows=Measurement,
    queue=GPU,
    body="webapp.checkpoints.worker:measure",
    topic=_topic,
    title=lambda row: f"Measuring {row.checkpoint.title}",
    address=_address,
    visible=lambda user: Measurement.objects.filter(checkpoint__in=visible_to(user).values("pk")),
    owner="checkpoint__owner",
    group="checkpoint",
    related=_RELATED,
)
