"""The schema says the truth: schemathesis asks each operation for what it allows and for what not.

Every check that it has, on both databases, in this process; it draws the same requests every time.
No operation is left out, and all are judged alike: what keeps to the schema is never a 400. It may
be unusable as a whole, such as a config that does not fit together: 422, of those that say so.
"""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi import checks
from schemathesis.transport.serialization import Binary

from tests.databases import database, postgresql
from tests.webapp.access.conftest import arguments
from tests.webapp.datasets.conftest import leaves, make_upload
from tests.webapp.searches.conftest import launch, own_files, search
from webapp.accounts.models import User
from webapp.accounts.services import issue_token

__all__ = [
    "arguments",
    "database",
    "launch",
    "leaves",
    "make_upload",
    "own_files",
    "postgresql",
    "search",
]

Operation = APIOperation[Any, Any, Any, Any]
pytestmark = [pytest.mark.django_db, pytest.mark.thorough]

EXAMPLES = 3
"""Of each operation, of what it allows and of what it does not."""
COVERED = 20
"""Of the cases that its coverage phase has of each operation: every so-manieth of them."""
ACCEPTED = ["2xx", "401", "403", "404", "409", "422"]
"""Of what an operation allows; whether it may say 422 its description says."""
valid_as_sent = checks._form_body_is_valid_as_sent
few = settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), database=None)


@pytest.fixture
def headers(
    alice: User, arguments: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    # A request's end would close the connection that holds the transaction around the test.
    monkeypatch.setattr(BaseDatabaseWrapper, "close_if_unusable_or_obsolete", lambda _: None)
    monkeypatch.setattr(checks, "_form_body_is_valid_as_sent", with_files_as_texts)
    token = issue_token(alice, name="Schema", expires_at=None)[1]
    return {"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"}


def with_files_as_texts(response: Any, case: Any, media_type: str) -> bool:
    """What schemathesis says of a form: whether it is valid as it was sent, numbers as texts.

    Its validator cannot read its own files: of a form with one it says that it is not valid.
    """
    body = case.body
    if isinstance(body, dict):
        body = {name: "" if isinstance(one, Binary) else one for name, one in body.items()}
    as_sent: Any = SimpleNamespace(body=body, operation=case.operation)
    return bool(valid_as_sent(response, as_sent, media_type))


def faults_of(
    operation: Operation,
    mode: GenerationMode,
    headers: dict[str, str],
    known: dict[str, Any],
) -> str:
    """What schemathesis finds, asking for things that there are where what it asks is allowed."""

    @few
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Case[Any]) -> None:
        if mode.is_positive:
            name_what_is_there(case, known)
        judge(case, headers)

    try:
        ask()
    except FailureGroup as group:
        return str(group)
    return ""


def faults_at_the_limits(
    operation: Operation, headers: dict[str, str], known: dict[str, Any]
) -> Iterator[str]:
    """The same of its coverage phase: limits of what is allowed, and what lies just beyond them."""
    config = operation.schema.config.generation_for(operation=operation, phase="coverage")
    cases = list(
        operation.schema.iter_coverage_cases(
            operation, generation_modes=list(GenerationMode), generation_config=config
        )
    )
    for case in cases[:: max(1, len(cases) // COVERED)]:
        assert case.meta is not None
        if case.meta.generation.mode.is_positive:
            name_what_is_there(case, known)
        try:
            judge(case, headers)
        except FailureGroup as group:
            yield str(group)


def name_what_is_there(case: Case[Any], known: dict[str, Any]) -> None:
    named = {name: known[name] for name in case.path_parameters if name in known}
    case.path_parameters.update(named)


def judge(case: Case[Any], headers: dict[str, str]) -> None:
    with transaction.atomic():  # what it does is undone
        try:
            case.call_and_validate(headers=headers)
        finally:
            transaction.set_rollback(True)


def test_every_operation_is_as_it_is_described(
    headers: dict[str, str], arguments: dict[str, Any]
) -> None:
    schema = schemathesis.openapi.from_wsgi(
        "/api/v1/schema/?format=json", get_wsgi_application(), headers=headers
    )
    schema.config.checks.positive_data_acceptance.expected_statuses = ACCEPTED
    found = list(schema.get_all_operations())
    operations = [one.ok() for one in found if isinstance(one, Ok)]
    assert len(operations) == len(found) > 80
    faults: list[str] = []
    for operation in operations:
        for mode in GenerationMode:
            faults.append(faults_of(operation, mode, headers, arguments))
        faults += faults_at_the_limits(operation, headers, arguments)
    assert not any(faults), "\n".join(filter(None, faults))
