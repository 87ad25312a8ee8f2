"""Who gets what at every address of the project. Addresses come from the URL resolver."""

import re
from collections.abc import Iterator, Mapping
from http.cookies import SimpleCookie
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client

from tests.webapp.access.addresses import address, routes
from tests.webapp.access.rules import SIGN_IN, Rule, public
from tests.webapp.access.table import ANY_METHOD, TABLE
from tests.webapp.conftest import browser
from webapp.accounts.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]

REFUSED = 405, 404, 403  # the last two where the whole address is an administrator's
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
# Django's own pages are for staff: whoever is not is sent to the one door, whatever they ask for.
ADMIN = "admin/"
ADMIN_ARGUMENTS = {"app_label": "auth", "object_id": 1, "content_type_id": 1, "url": "x"}

Cookies = Mapping[str, SimpleCookie]


def is_of_admin(route: str) -> bool:
    return route.startswith(ADMIN) and route not in TABLE


def test_every_address_is_in_the_table_and_the_table_has_no_other() -> None:
    found = {route for route in routes() if not is_of_admin(route)}
    unknown = sorted(found - set(TABLE))
    assert not unknown, f"say in tests/webapp/access/table.py who may open: {unknown}"
    gone = sorted(set(TABLE) - found)
    assert not gone, f"tests/webapp/access/table.py has addresses that are no more: {gone}"


@pytest.fixture
def cookies(people: Mapping[str, User | None]) -> Cookies:
    return {who: browser(user).cookies for who, user in people.items()}


def ask(method: str, path: str, rule: Rule, cookies: SimpleCookie, names: Any) -> HttpResponse:
    """One request; what it does is undone."""
    client = Client(raise_request_exception=True)
    client.cookies = SimpleCookie(cookies.output(header="", sep=";"))
    body = {name: _filled(value, names) for name, value in rule.body.items()}
    json = {"content_type": "application/json"}
    sent: Any = {} if method == "GET" or not path.startswith("/api/") else json
    if method == "GET":
        body = {}
    with transaction.atomic():
        answer: HttpResponse = getattr(client, method.lower())(
            path + rule.query.format(**names), body or None, **sent
        )
        transaction.set_rollback(True)
    return answer


def _filled(value: Any, names: Any) -> Any:
    return int(value.format(**names)) if isinstance(value, str) and "{" in value else value


def cases() -> Iterator[tuple[str, str, Rule]]:
    for route, methods in TABLE.items():
        for method, rules in methods.items():
            for rule in rules if isinstance(rules, list) else [rules]:
                for one in METHODS if method == ANY_METHOD else (method,):
                    yield one, route, rule


def test_everybody_gets_what_the_table_says(cookies: Cookies, arguments: dict[str, Any]) -> None:
    wrong = []
    for method, route, rule in cases():
        path = address(route, {**arguments, **rule.arguments})
        for who, own_cookies in cookies.items():
            answer = ask(method, path, rule, own_cookies, arguments)
            expected = rule.expected(who)
            if answer.status_code not in expected:
                text = re.sub(r"\s+", " ", answer.content.decode(errors="replace"))[:150]
                asked = f"{method} {path}{rule.query} by {who}"
                wrong.append(f"{asked}: {answer.status_code}, not {expected}: {text}")
            elif answer.status_code == 302 and expected == SIGN_IN:
                assert "/sign-in/" in answer["Location"], path
    assert not wrong, "\n" + "\n".join(wrong)


def test_other_methods_are_refused(cookies: Cookies, arguments: dict[str, Any]) -> None:
    wrong = []
    for route, methods in TABLE.items():
        path = address(route, {"action": "pause", **arguments})
        for method in set(METHODS) - set(methods):
            if ANY_METHOD not in methods:
                answer = ask(method, path, public(), cookies["owner"], arguments)
                if answer.status_code not in REFUSED:
                    wrong.append(f"{method} {path}: {answer.status_code}")
    assert not wrong, "say in tests/webapp/access/table.py who may:\n" + "\n".join(wrong)


def test_the_pages_of_administrators_send_everybody_else_to_the_door(cookies: Cookies) -> None:
    own = [route for route in routes() if is_of_admin(route)]
    assert len(own) > 20
    for route in own:
        path = address(route, ADMIN_ARGUMENTS)
        for who, own_cookies in cookies.items():
            answer = ask("GET", path, public(), own_cookies, {})
            assert answer.status_code == 302, f"{path} {who}"
            assert answer["Location"].startswith(("/admin/", "/sign-in/")), f"{path} {who}"
