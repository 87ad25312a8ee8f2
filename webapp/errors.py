"""The one error that a user may see, and the one shape in which pages, API and forms show it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypedDict

from django import forms

from search_engine.errors import InvalidArchitecture, InvalidConfig

STATUS_OF_CODE = {
    "invalid": 400,
    "not_signed_in": 401,
    "forbidden": 403,
    "not_found": 404,
    "conflict": 409,
    "too_large": 413,
    "throttled": 429,
}


class ErrorBody(TypedDict):
    """What every answer with an error holds, as JSON."""

    message: str
    code: str
    fields: dict[str, str]


class ProductError(Exception):
    """Something the user asked for is refused.

    Args:
        message: a sentence that says what to do about it.
        code: a word for programs; those of STATUS_OF_CODE choose the HTTP status, others mean 400.
        fields: where single fields are at fault, a sentence for each.
    """

    def __init__(
        self, message: str, code: str = "invalid", fields: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.fields = dict(fields or {})

    @property
    def status(self) -> int:
        return STATUS_OF_CODE.get(self.code, 400)

    def body(self) -> ErrorBody:
        return {"message": self.message, "code": self.code, "fields": self.fields}


@contextmanager
def engine_errors_as_product_errors() -> Iterator[None]:
    """Within it, what the engine refuses becomes an error beside the field."""
    try:
        yield
    except InvalidConfig as error:
        raise _at(error.field, error.reason) from error
    except InvalidArchitecture as error:
        raise _at(error.place, error.reason) from error


def add_to_form(form: forms.BaseForm, error: ProductError) -> None:
    """Show the error beside the fields that it names, and above the form what names none."""
    shown = 0
    for place, reason in error.fields.items():
        field, within = _field_at(form, place)
        if field:
            form.add_error(field, f"{within}: {reason}" if within else reason)
            shown += 1
    if shown < len(error.fields) or not shown:
        form.add_error(None, error.message)


def _field_at(form: forms.BaseForm, place: str) -> tuple[str, str]:
    """The field that holds a place, and which part of the field it is: both may be empty."""
    field, within = place, ""
    while field and field not in form.fields:
        field, _, name = field.rpartition(".")
        within = f"{name}.{within}" if within else name
    return field, within


_WHOLE = ("search.", "final_training.")
"""How the engine calls whole documents, which hold the fields that a user knows."""


def _at(place: str, reason: str) -> ProductError:
    for whole in _WHOLE:
        place = place.removeprefix(whole)
    return ProductError(f"{place}: {reason}", "invalid", {place: reason})


def flattened(detail: Any, at: str = "") -> Iterator[tuple[str, str]]:
    """Every (field, sentence) of what DRF or a form says, nested fields with dots between."""
    if isinstance(detail, Mapping):
        for field, inner in detail.items():
            yield from flattened(inner, f"{at}.{field}" if at else str(field))
    elif isinstance(detail, list | tuple):
        texts = [str(part) for part in detail if not isinstance(part, Mapping)]
        if texts:
            yield at, " ".join(texts)
        for index, part in enumerate(detail):
            if isinstance(part, Mapping):
                yield from flattened(part, f"{at}.{index}")
    else:
        yield at, str(detail)
