"""From the fields of the launch form to parts of a config, and back."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError

from search_engine.architecture import FAMILIES, skeleton_from_json
from search_engine.errors import SearchEngineError
from webapp.errors import ProductError
from webapp.searches.documents import merged
from webapp.searches.form_fields import COSTS, RULES, USUAL_WEIGHT

Document = dict[str, Any]

INTEGERS = r"^\s*\d{1,9}(\s*,\s*\d{1,9})*\s*$"
NOT_INTEGERS = {"invalid": "expected whole numbers with commas between, such as 2, 3"}


def skeleton_of(given: Document, base: Document) -> Document:
    """The skeleton of the family that was chosen."""
    family = given["family"]
    start = base if base["family"] == family else FAMILIES[family]().to_json()
    return {**start, **known_to(start, given)}


def known_to(start: Document, given: Document) -> Document:
    """What was given of a skeleton; fields of other families than that of `start` are left out.

    Raises:
        ProductError: a number of blocks for each stage, where the family has one for all.
    """
    known = {name: value for name, value in given.items() if name in start and value is not None}
    if "blocks" in known and not isinstance(start["blocks"], list | tuple):
        if len(known["blocks"]) > 1:
            reason = f"one number: all stages of a {start['family']} have as many blocks"
            raise ProductError(f"Blocks: {reason}.", fields={"skeleton.blocks": reason})
        known["blocks"] = known["blocks"][0]
    return known


def with_start_edge(document: Document) -> Document:
    """The space starts from the skeleton's own cell: nobody has to say it twice."""
    try:
        skeleton = skeleton_from_json(document["skeleton"])
    except SearchEngineError:
        return document  # refused later, with its reason
    (edge,) = skeleton.start_cell.root.branches
    space = {"start_edge": edge.operation.value, "groups": skeleton.groups}
    return merged(document, {"search_space": space})


def settings_of(text: str) -> Document:
    """Settings of a strategy, one a line."""
    settings: Document = {}
    for line in filter(None, (line.strip() for line in text.splitlines())):
        name, _, number = line.partition("=")
        try:
            settings[name.strip()] = float(number)
        except ValueError:
            settings[name.strip()] = number.strip()  # which the engine refuses, saying why
    return settings


def terms_of(cleaned: Mapping[str, Any]) -> list[Document]:
    """The objective's terms."""
    return [
        {"cost": cost, "rule": rule, "value": value, "weight": _weight(cleaned, cost, rule)}
        for cost in COSTS
        for rule in RULES
        if (value := cleaned.get(f"objective.{cost}.{rule}")) is not None
    ]


def initial_terms(terms: list[Document]) -> Document:
    """What the fields of the objective show of it."""
    initial: Document = {}
    for term in terms:
        initial[f"objective.{term['cost']}.{term['rule']}"] = term["value"]
        if term["rule"] == "target":
            initial[f"objective.{term['cost']}.weight"] = term["weight"]
    return initial


def above_zero(value: float) -> None:
    """Of what an objective counts."""
    if not value > 0:
        raise ValidationError(f"expected a number above 0, got {value:g}")


def _weight(cleaned: Mapping[str, Any], cost: str, rule: str) -> float:
    given = cleaned.get(f"objective.{cost}.weight") if rule == "target" else None
    return USUAL_WEIGHT if given is None else float(given)
