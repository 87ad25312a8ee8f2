"""The settings as a whole, in both modes, each in a process of its own."""

import re
from pathlib import Path

import pytest

from tests.webapp.core.commands import manage, python

pytestmark = pytest.mark.thorough

IDS = re.compile(r"\((\S+\.[EW]\d+)\)")
PRODUCTION = {
    "ESPALIER_REDIS_URL": "redis://redis.example:6379/0",
    "ESPALIER_DATABASE_URL": "postgresql://espalier:secret@db.example/espalier",
    "ESPALIER_SECRET_KEY": "k3y-of-more-than-fifty-characters-and-many-different-ones-Zq9",
    "ESPALIER_ALLOWED_HOSTS": "espalier.example.org",
}


def test_the_embedded_default_needs_nothing_set(tmp_path: Path) -> None:
    checked = manage("check", ESPALIER_VAR=str(tmp_path))
    assert checked.returncode == 0, checked.stderr
    assert IDS.findall(checked.stderr) == ["espalier.W003"], "there are no tables yet"
    assert (tmp_path / "secret_key").exists()


def test_check_deploy_is_clean_in_production(tmp_path: Path) -> None:
    arguments = ("check", "--deploy", "--fail-level", "WARNING")
    more = {"FORWARDED_ALLOW_IPS": "10.0.0.1", "ESPALIER_DATABASE_POOL": "0"}
    checked = manage(*arguments, ESPALIER_VAR=str(tmp_path), **PRODUCTION, **more)
    away = ["espalier.E003", "espalier.E005"]
    assert IDS.findall(checked.stderr) == away, "servers of this name there are none"
    assert not (tmp_path / "secret_key").exists()


def test_production_has_no_default_secret(tmp_path: Path) -> None:
    environment = {**PRODUCTION, "ESPALIER_SECRET_KEY": ""}
    checked = manage("check", ESPALIER_VAR=str(tmp_path), **environment)
    assert "ESPALIER_SECRET_KEY must be set" in checked.stderr


def test_a_bucket_needs_postgresql(tmp_path: Path) -> None:
    checked = manage("check", ESPALIER_VAR=str(tmp_path), ESPALIER_S3_BUCKET="espalier")
    assert "ESPALIER_S3_BUCKET needs PostgreSQL: set ESPALIER_DATABASE_URL" in checked.stderr


@pytest.mark.parametrize("debug", ["0", "1"])
def test_every_change_of_a_model_has_its_migration(tmp_path: Path, debug: str) -> None:
    environment = {"ESPALIER_VAR": str(tmp_path), "ESPALIER_DEBUG": debug}
    made = manage("makemigrations", "--check", "--dry-run", **environment)
    assert made.returncode == 0, made.stdout + made.stderr


def test_static_files_collect_with_the_storage_of_production(tmp_path: Path) -> None:
    collected = manage("collectstatic", "--noinput", ESPALIER_VAR=str(tmp_path))
    assert collected.returncode == 0, collected.stderr
    pages = list((tmp_path / "static" / "js" / "pages").glob("all.*.js"))
    assert len(pages) == 1
    # The module's imports name the hashed files: browsers may keep all of them for ever.
    assert '"../lib/theme.js"' not in pages[0].read_text()


LOADED = """
import sys, django
django.setup()
import webapp.asgi, webapp.urls, webapp.work.queue, webapp.work.tasks, webapp.searches.tasks
from django.urls import get_resolver
get_resolver().url_patterns
heavy = ("torch", "torchvision", "numpy", "safetensors", "sklearn")
print([name for name in heavy if name in sys.modules])
"""


def test_neither_pages_nor_tasks_load_torch(tmp_path: Path) -> None:
    environment = {"ESPALIER_VAR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "webapp.settings"}
    loaded = python("-c", LOADED, **environment)
    assert loaded.stdout.strip() == "[]", loaded.stderr


TASKS = """
import sys
from webapp.celery import app
app.loader.import_default_modules()
app.finalize()
from webapp.work.task_names import ROUTES
print([str(task) for task in ROUTES if str(task) not in app.tasks], "torch" in sys.modules)
"""


def test_a_workers_parent_knows_every_task_and_not_torch(tmp_path: Path) -> None:
    loaded = python("-c", TASKS, ESPALIER_VAR=str(tmp_path))
    assert loaded.stdout.strip() == "[] False", loaded.stderr
