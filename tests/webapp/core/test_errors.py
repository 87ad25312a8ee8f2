"""ProductError: from the engine, to forms, to the API."""

from typing import Any

import pytest
from django import forms
from rest_framework import exceptions

from search_engine.spec.errors import InvalidArchitecture, InvalidConfig
from webapp.api.errors import handle
from webapp.errors import (
    ErrorBody,
    ProductError,
    add_to_form,
    engine_errors_as_product_errors,
    flattened,
)


class SizeForm(forms.Form):
    """One field."""

    size = forms.IntegerField()


def handled(error: Exception) -> tuple[int, ErrorBody]:
    response = handle(error, {})
    assert response is not None
    return response.status_code, response.data


@pytest.mark.parametrize(
    "error", [InvalidConfig("max_trials", "too many"), InvalidArchitecture("root", "too many")]
)
def test_what_the_engine_refuses_stands_beside_its_field(error: Exception) -> None:
    with pytest.raises(ProductError) as raised, engine_errors_as_product_errors():
        raise error
    assert list(raised.value.fields.values()) == ["too many"]


def test_a_form_shows_a_known_field_beside_it_and_the_others_above() -> None:
    form = SizeForm({"size": "3"})
    add_to_form(form, ProductError("Not so.", fields={"size": "Too small.", "depth": "Too deep."}))
    assert form.errors == {"size": ["Too small."], "__all__": ["Not so."]}


def test_a_form_shows_an_error_without_fields_above() -> None:
    form = SizeForm({"size": "3"})
    add_to_form(form, ProductError("Not now."))
    assert form.non_field_errors() == ["Not now."]


def test_the_code_chooses_the_status() -> None:
    body: ErrorBody = {"message": "Over.", "code": "conflict", "fields": {}}
    assert handled(ProductError("Over.", "conflict")) == (409, body)
    assert handled(ProductError("Odd.", "odd"))[0] == 400


def test_a_serializers_errors_are_named_by_field() -> None:
    detail: Any = {"config": {"size": ["Too small.", "Too odd."]}, "name": ["Missing."]}
    status, body = handled(exceptions.ValidationError(detail))
    assert status == 400
    assert body["fields"] == {"config.size": "Too small. Too odd.", "name": "Missing."}


def test_an_error_of_the_whole_is_the_message() -> None:
    _, body = handled(exceptions.ValidationError({"non_field_errors": ["Pick one."]}))
    assert body == {"message": "Pick one.", "code": "invalid", "fields": {}}


def test_a_throttled_request_says_so() -> None:
    assert handled(exceptions.Throttled(wait=3))[1]["code"] == "throttled"


def test_a_bug_is_not_dressed_up() -> None:
    assert handle(ZeroDivisionError(), {}) is None


def test_lists_in_lists_keep_their_place() -> None:
    assert dict(flattened({"trials": [{"name": ["x"]}]})) == {"trials.0.name": "x"}
