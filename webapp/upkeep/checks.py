"""Whether all that Espalier stands on is well: each finding says what to do.

Registered with Django they would ask disk, servers and GPU at every command: only `check` does.
"""

import secrets
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.core import checks
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, default_storage
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from kombu.exceptions import OperationalError

from webapp import disk
from webapp.celery import app
from webapp.workers import devices

Check = Callable[[], Iterator[checks.CheckMessage]]

LEAST_BYTES = 64 << 20
"""Without so much a database cannot even be made."""
OLDEST_POSTGRESQL = 140_000
SKEW = timedelta(seconds=5)


def paths() -> Iterator[checks.CheckMessage]:
    """Folders can be written."""
    folders = [Path(settings.VAR), Path(tempfile.gettempdir())]
    if isinstance(default_storage, FileSystemStorage):
        folders.append(Path(default_storage.location))
    for folder in folders:
        if not folder.exists():
            continue  # it is made when it is needed
        try:
            with tempfile.NamedTemporaryFile(dir=folder):
                pass
        except OSError as error:
            yield checks.Error(
                f"{folder} cannot be written: {error.strerror}.",
                hint="Give its user the right to write there, or name another in ESPALIER_VAR.",
                id="espalier.E001",
            )


def bucket() -> Iterator[checks.CheckMessage]:
    """The bucket, where files are in one, takes a file, gives it back and lets it go."""
    if isinstance(default_storage, FileSystemStorage):
        return
    name = f"check-{secrets.token_hex(8)}"
    try:
        default_storage.save(name, ContentFile(name.encode()))
        with default_storage.open(name) as file:
            is_same = file.read() == name.encode()
        default_storage.delete(name)
    except OSError as error:
        yield checks.Error(
            f"The bucket cannot be used: {error.strerror}.",
            hint="See that ESPALIER_S3_BUCKET, ESPALIER_S3_ENDPOINT and the keys name one that is"
            " there, and that the key may list, read, write and delete.",
            id="espalier.E010",
        )
        return
    if not is_same:
        yield checks.Error("The bucket gives back other bytes than it got.", id="espalier.E010")


def room() -> Iterator[checks.CheckMessage]:
    """There is room on the disk."""
    free, wanted = disk.free_bytes(), max(settings.MIN_FREE_BYTES, LEAST_BYTES)
    if free >= wanted:
        return
    kind = checks.Error if free < LEAST_BYTES else checks.Warning
    yield kind(
        f"The disk of {settings.VAR} has {free / 1e6:,.0f} MB left, fewer than"
        f" {wanted / 1e6:,.0f} MB: uploads are refused, and searches wait.",
        hint="Make room, or name a folder on a larger disk in ESPALIER_VAR.",
        id="espalier.E002" if free < LEAST_BYTES else "espalier.W002",
    )


def database() -> Iterator[checks.CheckMessage]:
    """It answers, is new enough, has all tables, and its clock is ours."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT CURRENT_TIMESTAMP")
            (now,) = cursor.fetchone()
        pending = MigrationExecutor(connection).migration_plan(
            MigrationExecutor(connection).loader.graph.leaf_nodes()
        )
    except DatabaseError as error:
        said = str(error).strip().splitlines()[0]
        hint = "Start it, and see that ESPALIER_DATABASE_URL names it."
        yield checks.Error(f"The database does not answer: {said}", hint=hint, id="espalier.E003")
        return
    if pending:
        yield checks.Warning(
            f"{len(pending)} changes to the tables are due.",
            hint="Run: python -m webapp.embedded.preparation (make run does).",
            id="espalier.W003",
        )
    if connection.vendor == "postgresql":
        version = connection.cursor().connection.info.server_version
        if version < OLDEST_POSTGRESQL:
            hint = "Update it to PostgreSQL 14 or newer."
            yield checks.Error("PostgreSQL is too old.", hint=hint, id="espalier.E004")
        if abs(now - timezone.now()) > SKEW:
            yield checks.Warning(
                "The clocks of the database's machine and of this one differ by more than 5 s.",
                hint="Have both set their clocks by NTP: leases of work depend on them.",
                id="espalier.W004",
            )


def broker() -> Iterator[checks.CheckMessage]:
    """Redis answers, where there is one."""
    if settings.EMBEDDED:
        return
    try:
        with app.connection_for_read() as one:
            one.ensure_connection(max_retries=1, interval_start=0, timeout=3)
    except (OperationalError, OSError) as error:
        said = str(error).strip().splitlines()[0]
        hint = "Start it, and see that ESPALIER_REDIS_URL names it."
        yield checks.Error(f"Redis does not answer: {said}", hint=hint, id="espalier.E005")


def proxy() -> Iterator[checks.CheckMessage]:
    """HTTPS ends at a proxy that is trusted; nothing that others reach goes without."""
    if settings.PUBLISHED and not settings.HTTPS:
        yield checks.Warning(
            f"Other machines reach {settings.HOST}:{settings.PORT} by plain HTTP: whoever is on the"
            " way reads passwords and tokens.",
            hint="Put a proxy that speaks HTTPS before it, name it in ESPALIER_TRUSTED_PROXIES, and"
            " leave ESPALIER_HTTPS unset.",
            id="espalier.W010",
        )
    if settings.HTTPS and not settings.TRUSTED_PROXIES:
        yield checks.Warning(
            "HTTPS is on, and no proxy is trusted to say which requests came over it.",
            hint="Name the proxy's address in ESPALIER_TRUSTED_PROXIES, or set ESPALIER_HTTPS=off.",
            id="espalier.W006",
        )


def secret() -> Iterator[checks.CheckMessage]:
    """Nobody else can read the key, nor the database."""
    for name in ("secret_key", "espalier.sqlite3"):
        path = Path(settings.VAR) / name
        with suppress(OSError):
            if path.stat().st_mode & 0o077 and path.parent.stat().st_mode & 0o077:
                yield checks.Warning(
                    f"Others on this machine may read {path}.",
                    hint=f"Run: chmod 700 {path.parent}",
                    id="espalier.W007",
                )


def time_zone() -> Iterator[checks.CheckMessage]:
    """Celery's log and the database's times are in UTC."""
    if settings.TIME_ZONE != "UTC" or not settings.USE_TZ:
        hint = "Leave TIME_ZONE at UTC: pages show times in the reader's zone anyway."
        yield checks.Error("The time zone is not UTC.", hint=hint, id="espalier.E008")


def gpu() -> Iterator[checks.CheckMessage]:
    """torch can use the GPUs that there are."""
    for fault in devices.torch_says().faults:
        yield checks.Warning(
            fault,
            hint="README, Settings, names drivers and torch. CUDA_VISIBLE_DEVICES= trains on the"
            " CPU.",
            id="espalier.W009",
        )


AT_START: tuple[Check, ...] = (paths, room, secret, time_zone, proxy, bucket)
"""What is asked before the database is there."""
EVERY: tuple[Check, ...] = (*AT_START, database, broker, gpu)


def run(chosen: tuple[Check, ...] = EVERY) -> list[checks.CheckMessage]:
    """What is not well, the worst first."""
    found = [message for check in chosen for message in check()]
    return sorted(found, key=lambda message: -message.level)
