"""Counting in memory, written every few seconds: a process that is killed loses what is newer.

Not in shared files of a host: web processes and workers may be on many, and a page of memory that
is a file's kills its process where the disk is full.
"""

import logging
import os
import threading
from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta
from uuid import uuid4

from django.db import Error as DatabaseFault
from django.db import transaction
from django.utils import timezone

from webapp.counts.instruments import Counter
from webapp.counts.models import Counts

WRITE_SECONDS = 10.0
GONE = "gone"
"""The row of all processes that ended long ago."""
GONE_AFTER = timedelta(days=1)

logger = logging.getLogger(__name__)
_lock, _writing = threading.Lock(), threading.Lock()
_amounts: dict[str, float] = defaultdict(float)
_process = uuid4().hex
_written: Mapping[str, float] = {}


def add(counter: Counter, *labels: str, amount: float = 1.0) -> None:
    """Count an amount: of a histogram, seconds that something took.

    Args:
        counter: of what.
        labels: in the order in which it declares them.
        amount: by which it grows.
    """
    with _lock:
        for key, grows in counter.keys(labels, amount):
            _amounts[key] += grows


def write() -> None:
    """Write what this process has counted. While the database is away it is kept for later."""
    if _amounts == _written:
        return
    try:
        with _writing:
            _write()
    except DatabaseFault as error:
        logger.warning("what was counted could not be written: %s", str(error).strip())


def _write() -> None:
    global _written
    row = Counts.objects.filter(process=_process)
    if _written and not row.exists():  # after a day's silence, it stands in the row of the gone
        with _lock:
            _add(_amounts, {key: -amount for key, amount in _written.items()})
            _written = {}
    with _lock:
        now = dict(_amounts)
    values = {"at": timezone.now(), "values": now}
    if not row.update(**values):
        Counts.objects.create(process=_process, **values)
    _written = now


def totals() -> dict[str, float]:
    """What all processes together have counted, and this one up to now."""
    found: dict[str, float] = defaultdict(float)
    for values in Counts.objects.exclude(process=_process).values_list("values", flat=True):
        _add(found, values)
    with _lock:
        _add(found, _amounts)
    return found


def forget_processes() -> None:
    """Add what was counted by those that have been silent for a day to one row."""
    silent = Counts.objects.filter(at__lt=timezone.now() - GONE_AFTER).exclude(process=GONE)
    if not silent.exists():
        return
    with transaction.atomic():
        gone, _ = Counts.objects.select_for_update().get_or_create(process=GONE)
        total: dict[str, float] = defaultdict(float, gone.values)
        rows = list(silent.select_for_update())
        for row in rows:
            _add(total, row.values)
        gone.values, gone.at = dict(total), timezone.now()
        gone.save()
        silent.filter(pk__in=[row.pk for row in rows]).delete()


def _add(total: dict[str, float], more: Mapping[str, float]) -> None:
    for key, amount in more.items():
        total[key] += amount


def _begin_anew() -> None:
    """In a process that was forked: what its parent has counted is its parent's."""
    global _lock, _writing, _process, _written
    _lock, _writing = threading.Lock(), threading.Lock()
    _process, _written = uuid4().hex, {}
    _amounts.clear()


os.register_at_fork(after_in_child=_begin_anew)
