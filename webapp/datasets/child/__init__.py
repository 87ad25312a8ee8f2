"""Reads images that a stranger packed, in a process of its own. No database here."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

from search_engine.data import Dataset, load_dataset
from search_engine.data.stored import store_dataset, stored_rows
from webapp.datasets.child.facts import Facts, facts_of
from webapp.datasets.child.samples import write_samples
from webapp.datasets.child.upload import read_upload, warnings_of
from webapp.work.child import Tell

HEARTBEAT_SECONDS = 0.5


class Reading(TypedDict):
    """What came of a request.

    Args:
        report: on an upload, as JSON; null of a published data set.
        facts: of what was prepared; null where it must wait, or cannot be used.
    """

    report: dict[str, Any] | None
    facts: Facts | None


@dataclass
class Progress:
    """What is known of the progress, told every half second.

    Args:
        tell: hears it.
        note: what is done at the moment.
        start: share of the whole at which this part begins.
        share: how much of the whole this part is.
        done: how much of this part is done.
    """

    tell: Tell
    note: str = "Starting"
    start: float = 0.0
    share: float = 0.0
    done: float = 0.0

    def begin(self, note: str, start: float, share: float = 0.0) -> None:
        """A new part has begun."""
        self.note, self.start, self.share, self.done = note, start, share, 0.0
        self.send()

    def came_to(self, done: int, of: int) -> None:
        """So much of this part is done; told at the next beat."""
        self.done = done / of if of else 0.0

    def send(self) -> None:
        """How far it is now."""
        self.tell(self.start + self.share * self.done, self.note)

    @contextmanager
    def beating(self) -> Iterator[None]:
        """Send it beside the work, which does not know how far it is."""
        ended = threading.Event()
        beat = threading.Thread(target=self._beat, args=(ended,), daemon=True)
        beat.start()
        try:
            yield
        finally:
            ended.set()
            beat.join()

    def _beat(self, ended: threading.Event) -> None:
        while not ended.wait(HEARTBEAT_SECONDS):
            self.send()


def read(request: Mapping[str, Any], tell: Tell) -> Reading:
    """Read, count, draw samples, write; what a page says about the images.

    Args:
        request: as `worker.reading_request` makes it.
        tell: hears of the progress.
    """
    progress = Progress(tell)
    with progress.beating():
        if request["kind"] == "upload":
            return _read_upload(request, progress)
        dataset = _read_built_in(request, progress)
        progress.begin("Drawing samples", 0.9)
        write_samples(Path(request["folder"]), dataset, dataset.images.__getitem__)
        if request["store"]:
            progress.begin("Writing", 0.95)
            store_dataset(dataset, Path(request["folder"]))
        return Reading(report=None, facts=facts_of(dataset, []))


def _read_upload(request: Mapping[str, Any], progress: Progress) -> Reading:
    report, dataset = read_upload(request, progress.begin, progress.came_to)
    # A tar's names are bytes: what is no text cannot be kept as such.
    text = json.dumps(report.to_json(), ensure_ascii=False)
    found = json.loads(text.encode(errors="replace"))
    if dataset is None:
        return Reading(report=found, facts=None)
    folder = Path(request["folder"])
    progress.begin("Drawing samples", 0.9)
    with stored_rows(folder) as image_at:
        write_samples(folder, dataset, image_at)
    return Reading(report=found, facts=facts_of(dataset, warnings_of(report)))


def _read_built_in(request: Mapping[str, Any], progress: Progress) -> Dataset:
    progress.begin("Downloading" if request["download"] else "Reading images", 0.05)
    folder = Path(request["library"])
    folder.mkdir(parents=True, exist_ok=True)
    return load_dataset(request["name"], folder=folder, download=request["download"])
