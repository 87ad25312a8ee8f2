"""The README names every environment variable that there is, and no other."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]
VARIABLE = re.compile(r"\bESPALIER_[A-Z_]*[A-Z]\b")
INTERNAL = {
    "ESPALIER_KEPT_COMMAND",  # how `make run` tells its keeper what to keep
}


def used() -> set[str]:
    """Names in what runs: code, process lines, containers."""
    places = ["webapp", "search_engine", "Makefile", "Procfile", "compose.yaml", "Dockerfile"]
    listed = subprocess.run(
        ["git", "ls-files", *places], cwd=ROOT, capture_output=True, text=True, check=True
    )
    # Packed images and weights are no text.
    texts = [
        (ROOT / name).read_text(encoding="utf-8", errors="ignore") for name in listed.stdout.split()
    ]
    return {name for text in texts for name in VARIABLE.findall(text)} - INTERNAL


def test_every_variable_stands_in_the_readme_and_the_other_way_round() -> None:
    said = set(VARIABLE.findall((ROOT / "README.md").read_text(encoding="utf-8")))
    assert said == used()
