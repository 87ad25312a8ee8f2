"""The schema says the truth: schemathesis asks each operation for what it allows and for what not.

Every check that it has, on both databases, in this process; it draws the same requests every time.
No operation is left out. Those whose description says that more is judged than a schema can say
(`x-judged`) may refuse by 400 what keeps to it, and no others.
"""

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

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]

EXAMPLES = 3
"""Of each operation, of what it allows and of what it does not."""
ACCEPTED = ["2xx", "401", "403", "404", "409"]
JUDGED = {
    "POST /api/v1/checkpoints/{checkpoint_id}/exports/",
    "POST /api/v1/checkpoints/{checkpoint_id}/picture/",
    "POST /api/v1/datasets/",
    "POST /api/v1/datasets/{dataset_id}/answers/",
    "POST /api/v1/final-trainings/",
    "POST /api/v1/searches/",
    "POST /api/v1/searches/check/",
    "GET /api/v1/searches/plan/",
    "POST /api/v1/start-networks/",
}
"""Operations that take whole documents or files."""
few = settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), database=None)


@pytest.fixture
def headers(
    alice: User, arguments: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    # A request's end would close the connection that holds the transaction around the test.
    monkeypatch.setattr(BaseDatabaseWrapper, "close_if_unusable_or_obsolete", lambda _: None)
    token = issue_token(alice, name="Schema", expires_at=None)[1]
    return {"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"}


def faults_of(
    operation: APIOperation[Any, Any, Any, Any],
    mode: GenerationMode,
    headers: dict[str, str],
    known: dict[str, Any],
) -> str:
    """What schemathesis finds, asking for things that there are where what it asks is allowed."""

    @few
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Case[Any]) -> None:
        if mode.is_positive:
            case.path_parameters.update(
                {name: known[name] for name in case.path_parameters if name in known}
            )
        with transaction.atomic():  # what it does is undone
            case.call_and_validate(headers=headers)
            transaction.set_rollback(True)

    try:
        ask()
    except FailureGroup as group:
        return str(group)
    return ""


def test_every_operation_is_as_it_is_described(
    headers: dict[str, str], arguments: dict[str, Any]
) -> None:
    schema = schemathesis.openapi.from_wsgi(
        "/api/v1/schema/?format=json", get_wsgi_application(), headers=headers
    )
    judged, faults = set(), []
    for found in schema.get_all_operations():
        assert isinstance(found, Ok), found
        operation = found.ok()
        is_judged = "x-judged" in operation.definition.raw
        judged |= {operation.label} if is_judged else set()
        accepted = [*ACCEPTED, "400"] if is_judged else ACCEPTED
        schema.config.checks.positive_data_acceptance.expected_statuses = accepted
        for mode in GenerationMode:
            faults.append(faults_of(operation, mode, headers, arguments))
    assert len(faults) > 100 and judged == JUDGED
    assert not any(faults), "\n".join(filter(None, faults))
