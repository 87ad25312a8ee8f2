"""Hosts of a network: each with addresses, processes and a disk of its own, and no other's.

A host is a network namespace on a bridge; its processes see no other host's folder.
"""

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.end_to_end.installation import ROOT

INSTALL = "apt-get install iproute2"
HIDE = 'for other in {others}; do mount -t tmpfs none "$other"; done; exec {command}'


@dataclass
class Host:
    """A machine.

    Args:
        name: of its namespace.
        address: in the network.
        others: the disks of all others.
        started: what runs on it; said.log on its disk has what that says.
    """

    name: str
    address: str
    folder: Path
    others: list[Path]
    started: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    def start(self, command: str, environment: Mapping[str, str]) -> None:
        """A process that stays; the command is a line of the Procfile."""
        own = {name: v for name, v in os.environ.items() if not name.startswith("ESPALIER_")}
        temporary = self.folder / "tmp"
        temporary.mkdir(exist_ok=True)
        others = " ".join(shlex.quote(str(path)) for path in self.others)
        hidden = HIDE.format(others=others, command=command)
        with (self.folder / "said.log").open("ab") as log:
            process = subprocess.Popen(
                ["ip", "netns", "exec", self.name, "sh", "-c", hidden],
                cwd=ROOT,
                env={
                    **own,
                    **environment,
                    "ESPALIER_VAR": str(self.folder),
                    "TMPDIR": str(temporary),
                },
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.started.append(process)

    def power_off(self) -> None:
        """All that runs on it is gone at once."""
        listed = subprocess.run(
            ["ip", "netns", "pids", self.name], capture_output=True, text=True, check=True
        )
        for pid in map(int, listed.stdout.split()):
            os.kill(pid, signal.SIGKILL)
        for process in self.started:
            process.wait()
        self.started.clear()


def procfile(name: str, **given: str) -> str:
    """The command of a process, with what is given in place of the names of nodes and variables."""
    lines = (line.partition(": ") for line in (ROOT / "Procfile").read_text().splitlines())
    command = next(rest for own, _, rest in lines if own == name)
    command = command.replace("python ", f"{shlex.quote(sys.executable)} ", 1)
    command = re.sub(r"\$\{(\w+):-([^}]*)\}", lambda found: given.get(found[1], found[2]), command)
    return re.sub(r"(\w+)@%h", lambda found: given.get(found[1], found[0]), command)


@contextmanager
def network(folder: Path, names: list[str]) -> Iterator[tuple[str, list[Host]]]:
    """Hosts on a bridge; yields this machine's own address there, and the hosts.

    Args:
        folder: for their disks.
    """
    number = os.getpid() % 250 + 1
    bridge, net = f"esp{number}", f"10.203.{number}"
    disks = {name: folder / name for name in names}
    hosts = []
    with ExitStack() as stack:
        _ip(stack, f"link add {bridge} type bridge", f"link del {bridge}")
        _run(f"addr add {net}.1/24 dev {bridge}")
        _run(f"link set {bridge} up")
        for place, name in enumerate(names, 2):
            space, end = f"{bridge}{name}", f"{bridge}v{name}"
            disks[name].mkdir()
            _ip(stack, f"netns add {space}", f"netns del {space}")
            _run(f"link add {end} type veth peer name eth0 netns {space}")
            _run(f"link set {end} master {bridge} up")
            _run(f"-n {space} addr add {net}.{place}/24 dev eth0")
            _run(f"-n {space} link set eth0 up")
            _run(f"-n {space} link set lo up")
            others = [path for other, path in disks.items() if other != name]
            host = Host(space, f"{net}.{place}", disks[name], others)
            hosts.append(host)
            stack.callback(host.power_off)
        yield f"{net}.1", hosts


def _ip(stack: ExitStack, command: str, undo: str) -> None:
    _run(command)
    stack.callback(_run, undo)


def _run(words: str) -> None:
    subprocess.run(["ip", *words.split()], check=True)
