"""Which pages there are, read from the addresses, with examples for what they are about."""

import re
from collections.abc import Iterator

from django.urls import URLPattern, get_resolver

from tests.end_to_end.screenshots.scene import Scene

# What others made, what is not for people or leads elsewhere, and what there is only before one has
# signed in.
PROGRAMS_ASK = ("healthz", "metrics", "readyz", "schema")
NOT_PAGES = (*PROGRAMS_ASK, "grow_further", "set_up", "sign_in", "sign_out")
PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")


def addresses(scene: Scene) -> Iterator[tuple[str, str]]:
    """Every address of a page, with a name for its picture; examples stand for parameters.

    Raises:
        KeyError: there is no example of a parameter.
    """
    for name, route in routes():
        yield from _examples(name.replace("_", "-"), route, scene)


def routes() -> Iterator[tuple[str, str]]:
    """Name and route of whatever may be a page."""
    for outer in get_resolver().url_patterns:
        for pattern in getattr(outer, "url_patterns", [outer]):
            inner = "" if pattern is outer else str(pattern.pattern)
            name, route = str(getattr(pattern, "name", "")), f"/{outer.pattern}{inner}"
            if isinstance(pattern, URLPattern) and _may_be_page(name, route):
                yield name, route


def _may_be_page(name: str, route: str) -> bool:
    if not name or name.startswith(NOT_PAGES) or (route.startswith("/api/") and name != "api_docs"):
        return False
    return not ("<slug:action>" in route or route.startswith("/admin/") or route.endswith(".png"))


def _examples(title: str, route: str, scene: Scene) -> Iterator[tuple[str, str]]:
    parameters = PARAMETER.findall(route)
    if not parameters:
        yield title, route
        return
    examples = scene.numbers[parameters[0]]
    for shows, number in examples.items():
        if "number" in parameters and shows not in scene.trials:
            continue
        values = {parameters[0]: number, "number": scene.trials.get(shows)}
        filled = PARAMETER.sub(lambda found, of=values: str(of[found[1]]), route)  # type: ignore[misc]
        yield (title if shows == next(iter(examples)) else f"{title}-{shows}"), filled
