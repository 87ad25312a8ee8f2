"""What the Makefile says and does where a machine lacks something."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
STOPPED = 2  # make's exit status where a recipe failed
LACKING = {
    "scripts": "nodejs",
    "shell-tools": "curl jq unzip",
    "servers": "postgresql redis-server",
}
# Stands in for Debian's, which no test may run: notes what it is told, and makes the programs.
APT_GET = """#!/bin/sh
echo "$DEBIAN_FRONTEND: $@" >> {said}
[ "$1" = update ] && exit
for program in curl jq unzip; do
  echo > {bin}/$program && chmod +x {bin}/$program
done
"""


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A folder of programs with what every machine has, and no more."""
    for name in ("sh", "ls", "chmod"):
        found = shutil.which(name)
        assert found is not None
        (tmp_path / name).symlink_to(found)
    return tmp_path


def program(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text)
    (folder / name).chmod(0o755)


def make(target: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    found = shutil.which("make")
    assert found is not None
    # Nothing of the `make test` that may have started this.
    own = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(
        [found, target],
        cwd=ROOT,
        env={**own, "PATH": str(folder), "DEBIAN_FRONTEND": "dialog"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("target", LACKING)
def test_what_only_root_can_install_is_named_with_the_line_that_installs_it(
    target: str, bare: Path
) -> None:
    program(bare, "id", "#!/bin/sh\necho 1000\n")
    program(bare, "apt-get", APT_GET.format(said=bare / "said", bin=bare))
    made = make(target, bare)
    assert made.returncode == STOPPED
    line = f"apt-get install --no-install-recommends {LACKING[target]}\n"
    assert made.stdout == f"missing: {LACKING[target]}. As root, on Debian: {line}"
    assert not (bare / "said").exists()


def test_root_gets_it_installed_and_is_asked_nothing(bare: Path) -> None:
    program(bare, "id", "#!/bin/sh\necho 0\n")
    program(bare, "apt-get", APT_GET.format(said=bare / "said", bin=bare))
    for _ in range(2):  # the second time it is there
        assert make("shell-tools", bare).returncode == 0
    assert (bare / "said").read_text() == (
        "dialog: update -qq\nnoninteractive: install --no-install-recommends -qq -y curl jq unzip\n"
    )


def test_a_machine_without_apt_is_told_what_is_missing(bare: Path) -> None:
    program(bare, "id", "#!/bin/sh\necho 0\n")
    made = make("shell-tools", bare)
    assert made.returncode == STOPPED and "missing: curl jq unzip." in made.stdout
