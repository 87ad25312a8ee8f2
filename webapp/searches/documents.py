"""Config documents from what people give: a preset, a search to clone, and what they change."""

from collections.abc import Mapping
from typing import Any

from search_engine.presets import preset
from webapp.errors import engine_errors_as_product_errors
from webapp.searches.models import Search

DEFAULT_PRESET = "digits-demo"


def base_document(preset_name: str, parent: Search | None = None) -> dict[str, Any]:
    """The document that changes start from: of a search to clone, or of a preset."""
    if parent is not None:
        return dict(parent.config)
    with engine_errors_as_product_errors():
        return preset(preset_name or DEFAULT_PRESET).to_json()


def merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The base with changes laid over it, object by object; arrays are replaced as a whole."""
    result = dict(base)
    for name, value in changes.items():
        before = result.get(name)
        if isinstance(before, Mapping) and isinstance(value, Mapping) and _is_same(before, value):
            result[name] = merged(before, value)
        else:
            result[name] = value
    return result


def _is_same(before: Mapping[str, Any], value: Mapping[str, Any]) -> bool:
    """Another family of skeletons has other fields, so nothing of the old one may remain."""
    family = before.get("family")
    return bool(value.get("family", family) == family)


def changed_fields(base: Mapping[str, Any], other: Mapping[str, Any], at: str = "") -> list[str]:
    """Dotted names of the fields in which two documents differ."""
    found: list[str] = []
    for name in {**base, **other}:
        place = f"{at}{name}"
        one, two = base.get(name), other.get(name)
        if isinstance(one, Mapping) and isinstance(two, Mapping):
            found += changed_fields(one, two, f"{place}.")
        elif one != two:
            found.append(place)
    return found
