"""The web process validates, draws and serves without torch."""

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import sys
import django
django.setup()
import webapp.asgi, webapp.urls
import webapp.searches.api_urls, webapp.searches.tasks, webapp.searches.urls
print([name for name in ("torch", "numpy", "safetensors") if name in sys.modules])
"""


def test_neither_pages_nor_task_names_import_torch() -> None:
    """The tasks' module too: a worker's parent imports it, and children forked then would hang."""
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.strip() == "[]"
