"""Readers of the environment: what is wrong stops the start, and says what is legal."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from webapp import env

NAME = "ESPALIER_TESTED"


@pytest.mark.parametrize(("value", "read"), [("1", True), ("yes", True), ("OFF", False)])
def test_a_flag_is_read(value: str, read: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, value)
    assert env.flag(NAME, default=not read) is read


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.53", "::1", "[::1]", "localhost"])
def test_only_this_machine_reaches_its_own_addresses(host: str) -> None:
    assert not env.is_published(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.7", "lab.example"])
def test_others_reach_all_other_addresses(host: str) -> None:
    assert env.is_published(host)


def test_an_empty_value_counts_as_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, " ")
    assert env.flag(NAME, default=True) is True
    assert env.text(NAME, "default") == "default"


@pytest.mark.parametrize(
    ("reader", "value", "legal"),
    [
        (lambda: env.flag(NAME, default=True), "maybe", "one of 1, true, yes"),
        (lambda: env.integer(NAME, 1, at_least=1, at_most=9), "10", "from 1 to 9"),
        (lambda: env.integer(NAME, 1, at_least=1, at_most=9), "two", "a whole number"),
        (lambda: env.choice(NAME, "plain", "json"), "xml", "one of plain, json"),
        (lambda: env.port(NAME), "0", "from 1 to 65535"),
        (lambda: env.token(NAME), "guessable", "16 characters"),
        (lambda: env.redis_url(NAME), "localhost:6379", "redis://host:port/number"),
        (lambda: env.address(NAME), "s3.example.org:9000", "https://host:port"),
        (lambda: env.address(NAME), "https://s3.example.org/bucket", "https://host:port"),
        (lambda: env.secret_key(NAME, None), "short", "50 characters"),
        (lambda: env.folder(NAME, Path()), "/proc/nothing", "a folder that can be written"),
    ],
)
def test_a_wrong_value_names_the_variable_and_what_is_legal(
    reader: object, value: str, legal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(NAME, value)
    assert callable(reader)
    with pytest.raises(ImproperlyConfigured, match=rf"^{NAME} must .*{legal}"):
        reader()


def test_variables_that_go_together_are_all_set_or_none(monkeypatch: pytest.MonkeyPatch) -> None:
    together = {"key": NAME, "secret": f"{NAME}_TOO"}
    assert env.together(together) == {}
    monkeypatch.setenv(NAME, "abc")
    with pytest.raises(ImproperlyConfigured, match=f"{NAME}_TOO must be set, too"):
        env.together(together)
    monkeypatch.setenv(f"{NAME}_TOO", "def")
    assert env.together(together) == {"key": "abc", "secret": "def"}


def test_a_variable_without_default_must_be_set() -> None:
    with pytest.raises(ImproperlyConfigured, match=f"{NAME} must be set"):
        env.secret_key(NAME, None)


def test_a_secret_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    kept_in = tmp_path / "secret_key"
    key = env.secret_key(NAME, kept_in)
    assert len(key) >= 50 and env.secret_key(NAME, kept_in) == key
    assert kept_in.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [kept_in]


def database(value: str, monkeypatch: pytest.MonkeyPatch, pool_size: int = 0) -> dict[str, object]:
    monkeypatch.setenv(NAME, value)
    return env.database(NAME, "", relative_to=Path("/app"), pool_size=pool_size)


def test_sqlite_takes_its_write_lock_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = database("sqlite:///var/a.sqlite3", monkeypatch)
    options = settings["OPTIONS"]
    assert settings["NAME"] == "/app/var/a.sqlite3" and isinstance(options, dict)
    assert options["transaction_mode"] == "IMMEDIATE" and options["timeout"] == 20
    assert "journal_mode=WAL" in options["init_command"]


def test_an_absolute_path_stays_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert database("sqlite:////data/a.sqlite3", monkeypatch)["NAME"] == "/data/a.sqlite3"


def test_postgresql_is_taken_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    address = "postgresql://ann:p%40ss@db.example:5433/espalier?sslmode=require"
    settings = database(address, monkeypatch, pool_size=7)
    assert settings == {
        "ENGINE": "django.db.backends.postgresql",
        "CONN_HEALTH_CHECKS": True,
        "NAME": "espalier",
        "USER": "ann",
        "PASSWORD": "p@ss",
        "HOST": "db.example",
        "PORT": "5433",
        "OPTIONS": {
            "sslmode": "require",
            "pool": {"min_size": 1, "max_size": 7, "timeout": 10},
        },
    }


@pytest.mark.parametrize("address", ["mysql://u:secret@h/n", "sqlite://", "postgresql://h"])
def test_other_databases_are_refused_without_repeating_the_password(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ImproperlyConfigured, match="sqlite:///path") as raised:
        database(address, monkeypatch)
    assert "secret" not in str(raised.value)
