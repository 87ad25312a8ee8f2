"""What every endpoint asks of a request, and the pages in which lists are answered."""

from collections.abc import Mapping
from typing import Any, Final, TypeVar

from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import F, Model, QuerySet
from django.http import QueryDict
from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request
from rest_framework.serializers import Serializer

from webapp.errors import ProductError

Row = TypeVar("Row", bound=Model)

MOST_IDS: Final = 200
"""As many as a page of a list has rows."""


def signed_in(request: Request) -> AbstractBaseUser:
    """The user: the API's default permission has let nobody else in."""
    assert isinstance(request.user, AbstractBaseUser)
    return request.user


def sent_fields(request: Request) -> Mapping[str, Any]:
    """What was sent, for a form: serializers refuse what is no object themselves."""
    if not isinstance(request.data, Mapping):
        raise ProductError("Send an object: names of fields with their values.")
    return request.data


def with_ids(rows: QuerySet[Row], request: Request) -> QuerySet[Row]:
    """The rows that `?ids=1,2,3` names; all rows where there is no `ids`."""
    given = request.query_params.get("ids")
    if given is None:
        return rows
    ids = given.split(",")
    if len(ids) > MOST_IDS or not all(one.isdecimal() and len(one) < 16 for one in ids):
        reason = f"expected at most {MOST_IDS} whole numbers with commas between them"
        raise ProductError(f"Ids: {reason}.", fields={"ids": reason})
    return rows.filter(pk__in=[int(one) for one in ids])


def read(kind: type[Serializer[Any]], data: Any, of: Model | None = None) -> dict[str, Any]:
    """What was sent, checked. In a query others may read more, and in a form; in JSON nobody does.

    Args:
        data: a body or a query.
        of: what it is to change, if the check needs that.
    """
    serializer = kind(of, data=data)
    if isinstance(data, dict) and not isinstance(data, QueryDict):
        known = [name for name, field in serializer.fields.items() if not field.read_only]
        reason = f"expected one of {', '.join(known)}"
        if unknown := dict.fromkeys((str(name) for name in data if name not in known), reason):
            raise ProductError(f"There is no field {', '.join(unknown)}: {reason}.", fields=unknown)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def narrowed(
    rows: QuerySet[Row], given: Mapping[str, Any], lookups: Mapping[str, str], *, then: str
) -> QuerySet[Row]:
    """The rows that a filter asks for; what is left out of it filters nothing.

    Args:
        given: the filter; its `order` names a column, with a minus where the largest comes first.
            Rows without a value come last.
        lookups: by the names of the filter's fields.
        then: the column that decides between equals.
    """
    for name, lookup in lookups.items():
        if given.get(name) not in (None, ""):
            rows = rows.filter(**{lookup: given[name]})
    order: str = given["order"]
    column = F(order.removeprefix("-"))
    down = order.startswith("-")
    first = column.desc(nulls_last=True) if down else column.asc(nulls_last=True)
    return rows.order_by(first, then)


class Pages(PageNumberPagination):
    """`?page=2&page_size=100`."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        found = super().get_schema_operation_parameters(view)
        return [{**one, "schema": {"type": "integer", "minimum": 1}} for one in found]

    def get_page_size(self, request: Request) -> int | None:
        """More than the most is the most; what is no number is refused, not forgotten."""
        _refuse_no_number(request, "page_size", f"a whole number 1 to {self.max_page_size}")
        _refuse_no_number(request, "page", "a whole number from 1")
        return super().get_page_size(request)


def _refuse_no_number(request: Request, name: str, expected: str) -> None:
    wanted = request.query_params.get(name, "1")
    if not wanted.isdecimal() or not wanted.strip("0"):
        label = name.replace("_", " ").capitalize()
        raise ProductError(f"{label}: expected {expected}.", fields={name: f"expected {expected}"})
