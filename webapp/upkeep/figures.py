"""What Prometheus reads at /metrics: rows as they are now, and what all processes have counted.

Any one web process answers for all, on whatever host, for it reads both from the database.
"""

from collections.abc import Iterator

from django.db.models import Count, Min
from django.utils import timezone
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector, CollectorRegistry

from search_engine.version import __version__
from webapp import disk
from webapp.accounts.models import User
from webapp.counts import counting, instruments
from webapp.counts.instruments import SECONDS, SEPARATOR, SUM, Counter, Histogram
from webapp.searches.models import Search
from webapp.state import State
from webapp.work import kinds
from webapp.workers import selectors

UPPER_ENDS = (*map(str, SECONDS), "+Inf")


def text() -> bytes:
    """All of it, as Prometheus wants it."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Everything())
    return generate_latest(registry)


class _Everything(Collector):
    def collect(self) -> Iterator[Metric]:
        yield from _installation()
        yield from _work()
        yield from _workers()
        totals = counting.totals()
        for counter in instruments.EVERY:
            yield (_times if isinstance(counter, Histogram) else _count)(counter, totals)


def _installation() -> Iterator[Metric]:
    version = GaugeMetricFamily("espalier_version", "Always 1.", labels=["version"])
    version.add_metric([__version__], 1)
    yield version
    yield GaugeMetricFamily("espalier_users", "Accounts.", User.objects.count())
    free = "Bytes left on the disk of ESPALIER_VAR."
    yield GaugeMetricFamily("espalier_disk_free_bytes", free, disk.free_bytes())
    searches = GaugeMetricFamily("espalier_searches", "Searches by state.", labels=["state"])
    found = dict(Search.objects.order_by().values_list("state").annotate(Count("pk")))
    for state in State.values:
        searches.add_metric([state], found.get(state, 0))
    yield searches


def _work() -> Iterator[Metric]:
    """Rows of every kind: how many, how many may be taken and since when, how fast they train."""
    rows = GaugeMetricFamily("espalier_work", "Work by kind and state.", labels=["kind", "state"])
    labels = ["kind", "queue"]
    waiting = GaugeMetricFamily("espalier_work_waiting", "May be taken now.", labels=labels)
    oldest = GaugeMetricFamily(
        "espalier_work_waiting_seconds", "Since the oldest of these was sent.", labels=labels
    )
    speed = GaugeMetricFamily(
        "espalier_images_per_second", "Of all that trains now, together.", labels=["kind"]
    )
    for kind in kinds.every():
        all_rows = kind.rows._default_manager
        found = dict(all_rows.order_by().values_list("state").annotate(Count("pk")))
        for state in State.values:
            rows.add_metric([kind.name, state], found.get(state, 0))
        line = kind.waiting().order_by().aggregate(count=Count("pk"), since=Min("sent_at"))
        waiting.add_metric([kind.name, kind.queue], line["count"])
        age = (timezone.now() - line["since"]).total_seconds() if line["since"] else 0.0
        oldest.add_metric([kind.name, kind.queue], max(0.0, age))
        held = all_rows.filter(lease_until__isnull=False).values_list("progress", flat=True)
        told = [float((progress or {}).get("images_per_second", 0.0)) for progress in held]
        speed.add_metric([kind.name], sum(told))
    yield from (rows, waiting, oldest, speed)


def _workers() -> Iterator[Metric]:
    labels = ["worker", "device"]
    gauges = {
        "is_online": GaugeMetricFamily("espalier_worker_online", "1 or 0.", labels=labels),
        "memory_used_bytes": GaugeMetricFamily(
            "espalier_worker_memory_used_bytes", "Of its device, by everybody.", labels=labels
        ),
        "memory_total_bytes": GaugeMetricFamily(
            "espalier_worker_memory_total_bytes", "Of its device.", labels=labels
        ),
        "used_share": GaugeMetricFamily(
            "espalier_worker_used_share", "How busy its device is, from 0 to 1.", labels=labels
        ),
        "temperature_celsius": GaugeMetricFamily(
            "espalier_worker_temperature_celsius", "Of its device.", labels=labels
        ),
    }
    for worker in selectors.known_workers():
        for name, gauge in gauges.items():
            value = getattr(worker, name)
            if value is not None and (worker.is_online or name == "is_online"):
                gauge.add_metric([worker.name, worker.device], float(value))
    yield from gauges.values()


def _count(counter: Counter, totals: dict[str, float]) -> Metric:
    family = CounterMetricFamily(counter.name, counter.help, labels=counter.labels)
    for labels, amount in _of(counter, totals):
        family.add_metric(labels, amount)
    return family


def _times(histogram: Counter, totals: dict[str, float]) -> Metric:
    family = HistogramMetricFamily(histogram.name, histogram.help, labels=histogram.labels)
    classes: dict[tuple[str, ...], dict[str, float]] = {}
    for parts, amount in _of(histogram, totals):
        classes.setdefault(tuple(parts[:-1]), {})[parts[-1]] = amount
    for labels, counts in classes.items():
        below, buckets = 0.0, []
        for end in UPPER_ENDS:
            below += counts.get(end, 0.0)
            buckets.append((end, below))
        family.add_metric(list(labels), buckets, counts.get(SUM, 0.0))
    return family


def _of(counter: Counter, totals: dict[str, float]) -> Iterator[tuple[list[str], float]]:
    for key, amount in totals.items():
        name, *parts = key.split(SEPARATOR)
        if name == counter.name:
            yield parts, amount
