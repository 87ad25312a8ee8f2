"""Reads images that a stranger packed, in a process of its own: `python -m webapp.datasets.reader`.

Whatever a hostile file does to the decoder, or to memory, ends this process and no worker. It knows
no database and no secret. The request is its argument, as JSON; JSON lines go out on standard
output: `{"progress", "note"}` now and then, and at last `{"facts"}` or `{"refused"}`.
"""

import json
import os
import re
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

HEARTBEAT_SECONDS = 0.5
_MEMORY_ADDRESS = re.compile(r" <_io\.BytesIO object at 0x[0-9a-f]+>")


@dataclass
class Report:
    """What is known of the progress, sent in each heartbeat.

    Args:
        out: where JSON lines go.
        note: what is done at the moment.
        start: progress at which this part begins, from 0 to 1.
        share: how much of the whole this part is.
        expected_bytes: how much this part reads from disk; 0 where nobody knows.
    """

    out: TextIO
    note: str = "Starting"
    start: float = 0.0
    share: float = 0.0
    expected_bytes: int = 0
    read_before_bytes: int = 0

    def begin(self, note: str, start: float, share: float = 0.0, expected_bytes: int = 0) -> None:
        """A new part has begun."""
        self.note, self.start, self.share = note, start, share
        self.expected_bytes, self.read_before_bytes = expected_bytes, _bytes_read()
        self.send()

    def send(self) -> None:
        """One line about now."""
        done = 0.0
        if self.expected_bytes:
            done = min(1.0, (_bytes_read() - self.read_before_bytes) / self.expected_bytes)
        self.write({"progress": self.start + self.share * done, "note": self.note})

    def write(self, message: dict[str, Any]) -> None:
        self.out.write(json.dumps(message) + "\n")
        self.out.flush()


def _bytes_read() -> int:
    """What this process has read so far, as Linux counts it; 0 elsewhere."""
    try:
        text = Path("/proc/self/io").read_text(encoding="ascii")
    except OSError:
        return 0
    return int(text.split("rchar:")[1].split()[0])


def _beat(report: Report, parent: int, ended: threading.Event) -> None:
    while not ended.wait(HEARTBEAT_SECONDS):
        if os.getppid() != parent:  # the worker has been killed: nobody wants the result
            os._exit(1)
        report.send()


def run(request: dict[str, Any], report: Report) -> dict[str, Any]:
    """Read, count, draw samples, write; the last message."""
    # Only here, so that the first progress is out before torch has loaded.
    from search_engine.errors import DatasetError
    from webapp.datasets.facts import facts_of
    from webapp.datasets.prepared import write_prepared
    from webapp.datasets.samples import write_samples

    folder = Path(request["folder"])
    uploaded = request["kind"] == "upload"
    try:
        dataset = _read_upload(request, report) if uploaded else _read_built_in(request, report)
    except DatasetError as error:
        return {"refused": _readable(str(error), request)}
    report.begin("Looking for copies and counting", 0.8)
    facts = facts_of(dataset, warn=uploaded)
    report.begin("Drawing samples", 0.9)
    write_samples(folder, dataset)
    if uploaded:
        report.begin("Writing", 0.95)
        write_prepared(folder, dataset)
    return {"facts": facts}


def _read_upload(request: dict[str, Any], report: Report) -> Any:
    from search_engine.data import Limits, read_folder

    path = Path(request["path"])
    limits = Limits(files=request["limit_files"], total_bytes=request["limit_bytes"])
    # Each file is read twice: first all headers, then all pixels.
    report.begin("Reading images", 0.05, 0.75, 2 * path.stat().st_size)
    pixels = request["resize_pixels"]
    return read_folder(path, size=(pixels, pixels) if pixels else None, limits=limits)


def _read_built_in(request: dict[str, Any], report: Report) -> Any:
    from search_engine.data import load_dataset

    report.begin("Downloading" if request["download"] else "Reading images", 0.05)
    folder = Path(request["library"])
    folder.mkdir(parents=True, exist_ok=True)
    return load_dataset(request["name"], folder=folder, download=request["download"])


def _readable(sentence: str, request: dict[str, Any]) -> str:
    """The engine's sentence without this server's paths: a file is named as its owner named it."""
    path = str(request.get("path", ""))
    if path:
        # The engine calls a data set like its file.
        sentence = re.sub(
            rf"^{re.escape(Path(path).stem)}(?=[:.])", request["shown_name"], sentence
        )
        # `upload.zip:oak/1.png` is a member, `upload.zip: too large` the whole.
        sentence = re.sub(f"{re.escape(path)}:(?! )", "", sentence)
        sentence = sentence.replace(path, request["shown_name"])
    return _MEMORY_ADDRESS.sub("", sentence)


def main() -> None:
    # Libraries print what they like: the real standard output is for messages alone.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    report, ended = Report(out), threading.Event()
    report.send()
    beat = threading.Thread(target=_beat, args=(report, os.getppid(), ended), daemon=True)
    beat.start()
    message = run(json.loads(sys.argv[1]), report)
    ended.set()
    beat.join()
    report.write(message)


if __name__ == "__main__":
    main()
