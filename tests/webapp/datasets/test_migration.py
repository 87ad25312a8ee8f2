"""Data sets of before rows said where their files lie keep them."""

from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from webapp.datasets.models import Dataset

BEFORE = ("datasets", "0004_answers")

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.thorough]


def migrate(targets: list[tuple[str, str]]) -> Any:
    """The models as they are then."""
    MigrationExecutor(connection).migrate(targets)
    return MigrationExecutor(connection).loader.project_state(targets).apps


def test_files_are_found_where_they_were() -> None:
    latest = MigrationExecutor(connection).loader.graph.leaf_nodes()
    try:
        apps = migrate([BEFORE])
        user = apps.get_model("accounts", "User").objects.create(username="alice")

        def made(name: str, **columns: Any) -> int:
            rows = apps.get_model("datasets", "Dataset").objects
            pk: int = rows.create(name=name, engine_name=name, owner=user, **columns).pk
            return pk

        ready = made("ready", state="completed", prepared_at=timezone.now())
        asks = made("asks", state="paused", report={"version": 1})
        gone = made("gone", state="failed")
        default_storage.save(f"datasets/{asks}/upload.zip", ContentFile(b"zip"))
    finally:
        migrate(latest)
    places = Dataset.objects.values_list("pk", "upload", "surveyed", "prepared").order_by("pk")
    assert list(places) == [
        (ready, "", "", f"datasets/{ready}/prepared"),
        (asks, f"datasets/{asks}/upload.zip", f"datasets/{asks}/survey", ""),
        (gone, "", "", ""),
    ]
