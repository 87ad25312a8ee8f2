"""All addresses of the project, from the URL resolver: none can be forgotten."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

PART = re.compile(r"<(?:\w+:)?(\w+)>")


def routes() -> list[str]:
    """Such as `searches/<int:search_id>/`; regular expressions as `tokens/<pk>/`."""
    return sorted(_routes(get_resolver().url_patterns, ""))


def _routes(patterns: Iterable[URLPattern | URLResolver], start: str) -> Iterator[str]:
    for pattern in patterns:
        route = start + plain(str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern.url_patterns, route)
        else:
            yield route


def plain(route: str) -> str:
    """A regular expression's text as a path's: `^tokens/(?P<pk>[^/.]+)/$` is `tokens/<pk>/`."""
    named = re.sub(r"\(\?P<(\w+)>[^)]*\)", r"<\1>", route)
    return named.removeprefix("^").removesuffix("$").removesuffix(r"\Z")


def address(route: str, arguments: Mapping[str, Any]) -> str:
    """The route with its parts filled in.

    Raises:
        KeyError: names a part that the test has nothing for.
    """
    return "/" + PART.sub(lambda part: str(arguments[part[1]]), route)
