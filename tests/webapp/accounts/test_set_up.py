"""The first account, and that there is no second first."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.webapp.conftest import PASSWORD
from webapp.accounts import services
from webapp.accounts.models import Installation, User
from webapp.errors import ProductError

FORM = {"username": "ada", "email": "", "password1": PASSWORD, "password2": PASSWORD}


@pytest.fixture
def anonymous_client(db: None) -> Client:
    """Nobody, on the machine itself: from elsewhere a code is asked for (tests/attacks)."""
    return Client(headers={"host": "localhost"})


def test_the_first_visit_leads_to_the_set_up_page(anonymous_client: Client) -> None:
    answer = anonymous_client.get("/", follow=True)
    assert answer.redirect_chain[-1][0] == reverse("set_up")


def test_set_up_makes_an_administrator_and_signs_in(anonymous_client: Client) -> None:
    anonymous_client.post(reverse("set_up"), FORM)
    ada = User.objects.get()
    assert ada.username == "ada" and ada.is_superuser and ada.check_password(PASSWORD)
    assert anonymous_client.get(reverse("account")).status_code == 200


def test_set_up_closes_after_the_first_account(anonymous_client: Client, alice: User) -> None:
    for answer in (
        anonymous_client.get(reverse("set_up")),
        anonymous_client.post(reverse("set_up"), FORM),
    ):
        assert answer["Location"] == reverse("sign_in")
    assert [user.username for user in User.objects.all()] == ["alice"]


def test_set_up_stays_closed_when_all_users_are_gone(anonymous_client: Client) -> None:
    services.set_up(username="ada", email="", password=PASSWORD)
    User.objects.all().delete()
    anonymous_client.post(reverse("set_up"), FORM)
    assert not User.objects.exists()


def test_of_two_at_the_same_time_one_wins(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    # The other has looked, found nobody, and been overtaken before it wrote.
    monkeypatch.setattr(services, "is_set_up", lambda: False)
    services.set_up(username="ada", email="", password=PASSWORD)
    with pytest.raises(ProductError, match="set up already"):
        services.set_up(username="eve", email="", password=PASSWORD)
    assert User.objects.count() == Installation.objects.count() == 1


@pytest.mark.parametrize("password", ["short", "1234567890123", "password1234", "adaadaadaada"])
def test_a_weak_password_is_refused_beside_its_field(
    anonymous_client: Client, password: str
) -> None:
    form = {**FORM, "username": "adaadaadaada", "password1": password, "password2": password}
    answer = anonymous_client.post(reverse("set_up"), form)
    assert answer.context["form"].errors["password1"]
    assert not User.objects.exists()


def test_no_account_is_there_before_set_up(db: None) -> None:
    assert not User.objects.exists()
