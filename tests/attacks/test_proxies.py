"""Whose word counts on who asks; and what is said where a proxy is not set up as it must be."""

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.urls import reverse

from tests.attacks.asking import Answer, ask
from tests.webapp.conftest import PASSWORD
from webapp import env
from webapp.accounts import services
from webapp.accounts.models import User

PROXY = "10.0.0.5"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def get(path: str = "/sign-in/", **options: Any) -> Answer:
    return ask(path, declared=0, method="GET", **options)


def guess(number: int, client: str, **headers: str) -> int:
    """A wrong password, as from another address each time."""
    body = f"username=alice&password=wrong-{number}".encode()
    forwarded = {"X-Forwarded-For": f"192.0.2.{number}", **FORM, **headers}
    answer = ask("/sign-in/", [body], declared=len(body), headers=forwarded, client=client)
    return answer.status


@pytest.fixture
def no_csrf(monkeypatch: pytest.MonkeyPatch) -> None:
    """As for who has read the page's token, which every guesser can."""
    monkeypatch.setattr("django.middleware.csrf.CsrfViewMiddleware.process_view", lambda *_: None)


@pytest.mark.parametrize("client", ["127.0.0.1", "203.0.113.9"])
def test_a_guesser_has_one_address_whatever_they_say(
    client: str, alice: User, no_csrf: None
) -> None:
    statuses = [guess(number, client) for number in range(1, 8)]
    assert statuses[:4] == [200] * 4 and statuses[-1] == 429


def test_a_trusted_proxy_says_who_guesses(alice: User, no_csrf: None, settings: Any) -> None:
    settings.TRUSTED_PROXIES = ["10.0.0.0/8"]
    assert 429 not in [guess(number, PROXY) for number in range(1, 8)]


def test_an_address_that_is_none_is_refused(alice: User, settings: Any) -> None:
    settings.TRUSTED_PROXIES = [PROXY]
    for declared, chunks in ((0, [b""]), (3, [b"abc"])):
        answer = ask(
            "/api/v1/searches/",
            chunks,
            declared=declared,
            headers={"X-Forwarded-For": "abc"},
            client=PROXY,
        )
        assert answer.status == 400 and set(answer.json()["fields"]) == {"X-Forwarded-For"}


# --- HTTPS ----------------------------------------------------------------------------------------


@pytest.fixture
def https(settings: Any) -> Any:
    settings.SECURE_SSL_REDIRECT = True
    return settings


SAYS_HTTPS = {"X-Forwarded-Proto": "https"}


def test_a_proxy_that_is_not_trusted_is_named_instead_of_a_redirect_to_itself(
    https: Any, alice: User
) -> None:
    answer = get(headers=SAYS_HTTPS, client=PROXY)
    assert answer.status == 503
    assert f"A proxy at {PROXY}".encode() in answer.body
    assert b"ESPALIER_TRUSTED_PROXIES" in answer.body
    assert "Content-Security-Policy" in answer.headers
    told = get("/api/v1/me/", headers=SAYS_HTTPS, client=PROXY)
    assert (told.status, told.json()["code"]) == (503, "unavailable")
    assert get("/healthz").status == 200


def test_without_any_proxy_both_ways_out_are_named(https: Any, alice: User) -> None:
    body = get().body
    assert b"ESPALIER_TRUSTED_PROXIES" in body and b"ESPALIER_HTTPS=off" in body


def test_a_trusted_proxy_is_believed_and_must_say_the_scheme(https: Any, alice: User) -> None:
    https.TRUSTED_PROXIES = [PROXY]
    assert get(headers=SAYS_HTTPS, client=PROXY).status == 200
    assert b"X-Forwarded-Proto" in get(client=PROXY).body
    plain = get(headers={"X-Forwarded-Proto": "http"}, client=PROXY)
    assert (plain.status, plain.headers["Location"]) == (301, "https://localhost/sign-in/")
    assert get(client="203.0.113.9").status == 301


# --- Origin ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({"Origin": "https://lab.example"}, "This comes from another address"),
        ({"Origin": "null"}, "does not say where this comes from"),
        ({}, "Your browser sent no cookie"),
    ],
)
def test_a_refused_form_says_why(headers: dict[str, str], said: str, alice: User) -> None:
    answer = ask("/sign-in/", [b"a=b"], declared=3, headers={**FORM, **headers})
    assert answer.status == 403 and said in answer.body.decode()
    if headers.get("Origin", "null") != "null":
        assert "https://lab.example" in answer.body.decode()
        assert "http://localhost" in answer.body.decode()


def test_the_api_says_why_too(alice_client: Client) -> None:
    client = Client(enforce_csrf_checks=True)
    client.cookies = alice_client.cookies
    headers = {"Origin": "https://lab.example"}
    answer = client.post("/api/v1/tokens/", {"name": "x"}, "application/json", headers=headers)
    assert answer.status_code == 403 and "another address" in answer.json()["message"]


# --- prefixes -------------------------------------------------------------------------------------


def test_below_a_prefix_it_says_that_it_cannot_be(alice: User, settings: Any) -> None:
    settings.TRUSTED_PROXIES = [PROXY]
    for answer in (
        get(headers={"X-Forwarded-Prefix": "/espalier/"}, client=PROXY),
        get("/espalier/sign-in/", root_path="/espalier"),
    ):
        assert answer.status == 503 and b"only be at the top of a host" in answer.body


@pytest.mark.parametrize("value", ["https://lab/espalier/", "lab/espalier", "lab:8443"])
def test_the_start_refuses_hosts_that_are_none(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ESPALIER_ALLOWED_HOSTS", f"good.example, {value}")
    with pytest.raises(ImproperlyConfigured, match=r"(below a prefix|without ports)"):
        env.hosts("ESPALIER_ALLOWED_HOSTS")
    monkeypatch.setenv("ESPALIER_ALLOWED_HOSTS", "good.example, .lab.example, [::1], *")
    assert len(env.hosts("ESPALIER_ALLOWED_HOSTS")) == 4


def test_the_start_refuses_proxies_that_have_no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ESPALIER_TRUSTED_PROXIES", "10.0.0.5, nginx")
    with pytest.raises(ImproperlyConfigured, match="172"):
        env.addresses("ESPALIER_TRUSTED_PROXIES", "")


# --- the first account ----------------------------------------------------------------------------

ACCOUNT = {"username": "ada", "email": "", "password1": PASSWORD, "password2": PASSWORD}
ELSEWHERE: list[dict[str, Any]] = [
    {"REMOTE_ADDR": "203.0.113.9"},
    {"HTTP_HOST": "testserver"},
    {"HTTP_X_FORWARDED_FOR": "127.0.0.1"},
    {"HTTP_VIA": "1.1 proxy"},
    {"HTTP_X_REAL_IP": "127.0.0.1"},
]


@pytest.mark.parametrize("how", ELSEWHERE, ids=str)
def test_from_elsewhere_the_first_account_needs_the_code(db: None, how: dict[str, Any]) -> None:
    visitor = Client(**{"HTTP_HOST": "localhost:8000", **how})
    for code in ({}, {"code": "abcd-efgh-ijkl"}):
        page = visitor.post(reverse("set_up"), {**ACCOUNT, **code})
        assert page.context["form"].errors["code"]
    assert not User.objects.exists()
    visitor.post(reverse("set_up"), {**ACCOUNT, "code": services.set_up_code().upper()})
    assert User.objects.get().is_superuser


@pytest.mark.parametrize("host", ["localhost:8000", "localhost", "127.0.0.1:8000", "[::1]:8000"])
def test_on_the_machine_itself_it_needs_none(db: None, host: str) -> None:
    Client(HTTP_HOST=host).post(reverse("set_up"), ACCOUNT)
    assert User.objects.get().is_superuser
