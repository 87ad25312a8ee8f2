"""The one error that a user may see, and the one shape in which pages, API and forms show it."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypedDict, TypeVar

from django import forms
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from search_engine.spec.errors import InvalidArchitecture, InvalidConfig

Row = TypeVar("Row", bound=Model)
logger = logging.getLogger(__name__)

STATUS_OF_CODE = {
    "invalid": 400,
    "not_signed_in": 401,
    "forbidden": 403,
    "not_found": 404,
    "too_slow": 408,
    "conflict": 409,
    "over_quota": 409,
    "too_large": 413,
    "unusable": 422,
    "throttled": 429,
    "unavailable": 503,
    "disk_full": 507,
}


UNANSWERED = "The storage of files does not answer, or refuses what is asked for"
REFUSAL = "espalier.refusal"
"""Where an ASGI scope has the error for which nothing of its request was read."""


class StorageAway(OSError):
    """The bucket with all files did not do what was asked for: it may be away, full, or refuse us.

    What it said is for the log; its users are told `UNANSWERED`.
    """


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


def as_product_error(error: Exception) -> ProductError | None:
    """The error as its user may see it; None for a bug."""
    if isinstance(error, StorageAway):
        logger.error("the storage of files: %s", error)
        return ProductError(
            f"{UNANSWERED}. Try again in a minute, or tell its administrator.", "unavailable"
        )
    return error if isinstance(error, ProductError) else None


def wants_json(request: HttpRequest) -> bool:
    """Whether a page's script asks, which shows errors itself."""
    return request.headers.get("Accept", "").startswith("application/json")


def one_of(visible: QuerySet[Row], what: str, **named: object) -> Row:
    """The row of this name among those that a user may see. To strangers others do not exist."""
    found = visible.filter(**named).first()
    if found is None:
        raise ProductError(f"There is no such {what}, or it is not yours to see.", "not_found")
    return found


def refuse_strangers(what: str, *, own: bool) -> None:
    """What others share may only be looked at."""
    if not own:
        sentence = f"This {what} is shared with you to look at, not to change."
        raise ProductError(sentence, "forbidden")


def refusal_of(form: forms.BaseForm, code: str = "invalid") -> ProductError:
    """What a form says, as an error."""
    fields = dict(flattened(form.errors))
    return ProductError(" ".join(fields.values()), code, fields)


@contextmanager
def engine_errors_as_product_errors() -> Iterator[None]:
    """Within it, what the engine refuses becomes an error beside the field."""
    try:
        yield
    except InvalidConfig as error:
        raise ProductError(str(error), "unusable", dict(reversed(error.faults))) from error
    except InvalidArchitecture as error:
        raise ProductError(str(error), "unusable", {error.place: error.reason}) from error


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
