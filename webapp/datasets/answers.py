"""What the owner of an upload has answered, and what was asked."""

from collections.abc import Iterable, Mapping
from typing import Any

from search_engine.spec.errors import InvalidConfig
from search_engine.spec.pictures import Answers, Question, Report
from webapp.datasets.models import Dataset

DEFAULTS = Answers().to_json()
_NAME_CLASSES = ("class_from", "labels", "label_column", "code_page", "same_names", "parts")
"""Answers on which the names of classes depend."""

Document = dict[str, Any]


def of_upload(dataset: Dataset) -> Document:
    """All answers of an upload, as JSON of `Answers`; its size may be older than they are."""
    side = dataset.resize_pixels
    return {**({"height": side, "width": side} if side else {}), **dataset.answers}


def laid_over(dataset: Dataset, given: Mapping[str, Any]) -> Document:
    """The answers so far with others laid over them; null takes one back.

    Where classes get other names, what was said of the old ones no longer holds.

    Raises:
        InvalidConfig: an answer is none of the choices.
    """
    before = of_upload(dataset)
    laid = {name: value for name, value in {**before, **given}.items() if value is not None}
    for name in ("renamed", "left_out"):
        if name not in given and names_change(before, laid):
            laid.pop(name, None)
    made = Answers.from_json(laid).to_json()
    for question in questions(dataset.asked):
        chosen = made[question.code]
        if chosen is not None and chosen not in question.options:
            expected = ", ".join(question.options)
            raise InvalidConfig(question.code, f"expected one of {expected}; got {chosen!r}")
    return {name: value for name, value in made.items() if value != DEFAULTS[name]}


def names_change(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether classes may have other names with these answers."""
    return any(before.get(name) != after.get(name) for name in _NAME_CLASSES)


def questions(asked: Iterable[Mapping[str, Any]]) -> list[Question]:
    """Questions from their JSON."""
    return [Question(one["code"], one["options"]) for one in asked]


def asked_after(
    asked: Iterable[Mapping[str, Any]], answers: Mapping[str, Any], report: Report
) -> list[Document]:
    """Those asked before that have an answer, and those that a report asks."""
    now = {question.code: question.to_json() for question in report.questions}
    return [
        *(dict(one) for one in asked if one["code"] in answers and one["code"] not in now),
        *(dict(one) for one in now.values()),
    ]
