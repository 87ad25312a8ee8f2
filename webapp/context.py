"""What every template knows."""

from typing import TypedDict

from django.http import HttpRequest
from django.urls import Resolver404, resolve

from webapp import disk

SECTIONS = {
    "Searches": "/",
    "Final trainings": "/final-trainings/",
    "Data sets": "/datasets/",
    "Checkpoints": "/checkpoints/",
    "Workers": "/workers/",
}


class Section(TypedDict):
    """A link of the header."""

    label: str
    path: str
    current: bool


class Page(TypedDict):
    """The header's links, and the theme that the reader chose, empty where the system decides.

    `disk_full` is what to say while the disk is nearly full, and else empty.
    """

    sections: list[Section]
    theme: str
    disk_full: str


def page(request: HttpRequest) -> Page:
    """The sections that there are, which of them the page belongs to, and the theme."""
    here = request.path
    sections: list[Section] = [
        {"label": label, "path": path, "current": _contains(path, here)}
        for label, path in SECTIONS.items()
        if _exists(path)
    ]
    theme = request.COOKIES.get("theme", "")
    return {
        "sections": sections,
        "theme": theme if theme in ("light", "dark") else "",
        "disk_full": disk.FULL if disk.is_short() else "",
    }


def _contains(section: str, here: str) -> bool:
    if section == "/":
        return here == "/" or here.startswith("/searches/")
    return here.startswith(section)


def _exists(path: str) -> bool:
    try:
        resolve(path)
    except Resolver404:
        return False
    return True
