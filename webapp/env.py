"""Typed readers of environment variables. What is wrong stops the start, and says what is legal."""

import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

TRUE = ("1", "true", "yes", "on")
FALSE = ("0", "false", "no", "off")
DATABASE_FORMS = "sqlite:///path/to/file or postgresql://user:password@host:port/name"


def text(name: str, default: str | None = None) -> str:
    """The value; an empty one counts as absent."""
    value = os.environ.get(name, "").strip()
    if value:
        return value
    if default is None:
        raise ImproperlyConfigured(f"{name} must be set")
    return default


def flag(name: str, *, default: bool) -> bool:
    value = text(name, "").lower()
    if not value:
        return default
    if value not in TRUE + FALSE:
        legal = ", ".join(TRUE + FALSE)
        raise ImproperlyConfigured(f"{name} must be one of {legal}, got {value!r}")
    return value in TRUE


def integer(name: str, default: int, *, at_least: int, at_most: int) -> int:
    value = text(name, str(default))
    number = int(value) if value.lstrip("-").isdecimal() else None
    if number is None or not at_least <= number <= at_most:
        limits = f"a whole number from {at_least} to {at_most}"
        raise ImproperlyConfigured(f"{name} must be {limits}, got {value!r}")
    return number


def port(name: str) -> int | None:
    """A port, or None where the variable is not set."""
    return integer(name, 1, at_least=1, at_most=65535) if text(name, "") else None


def choice(name: str, *legal: str) -> str:
    """One of a few words; the first where none is set."""
    value = text(name, legal[0]).lower()
    if value not in legal:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(legal)}, got {value!r}")
    return value


def names(name: str, default: str) -> list[str]:
    """A list with commas between, such as `espalier.example.org,localhost`."""
    return [part.strip() for part in text(name, default).split(",") if part.strip()]


def hosts(name: str) -> list[str]:
    """Names of hosts, as browsers send them; none, where the variable is not set."""
    found = names(name, "")
    for host in found:
        if "/" in host:
            raise ImproperlyConfigured(
                f"{name} must be names such as espalier.example.org, got {host!r}: Espalier is at"
                " the top of a host, and not below a prefix"
            )
        if ":" in host and not host.endswith("]"):
            raise ImproperlyConfigured(f"{name} must be names without ports, got {host!r}")
    return found


def is_published(host: str) -> bool:
    """Whether other machines can reach what listens on this address."""
    try:
        return not ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host != "localhost"


def addresses(name: str, default: str) -> list[str]:
    """IP addresses and networks with commas between; `*` means any."""
    found = names(name, default)
    for text_ in found:
        try:
            if text_ != "*":
                ip_network(text_)
        except ValueError:
            raise ImproperlyConfigured(
                f"{name} must be addresses or networks such as 10.0.0.5 or 172.16.0.0/12, got"
                f" {text_!r}"
            ) from None
    return found


def folder(name: str, default: Path) -> Path:
    """A folder, made where it is missing: nobody but its owner may look in."""
    return make_folder(name, Path(text(name, str(default))).expanduser().resolve())


def make_folder(name: str, path: Path) -> Path:
    """Make a folder that is missing, or say which variable names another place."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(
            f"{name} must be a folder that can be written, got {path} ({error.strerror})"
        ) from error
    return path


def address(name: str) -> str | None:
    """Address of a server that speaks HTTP; None where the variable is not set."""
    value = text(name, "").rstrip("/")
    parts = urlsplit(value)
    if value and (parts.scheme not in ("http", "https") or not parts.netloc or parts.path):
        raise ImproperlyConfigured(f"{name} must be https://host:port, got {value!r}")
    return value or None


def together(variables: Mapping[str, str]) -> dict[str, str]:
    """Values of variables that are set together or not at all, by other names; empty if not."""
    values = {own: text(name, "") for own, name in variables.items()}
    if any(values.values()) and not all(values.values()):
        missing = ", ".join(name for own, name in variables.items() if not values[own])
        raise ImproperlyConfigured(
            f"{missing} must be set, too: {' and '.join(variables.values())}"
        )
    return values if all(values.values()) else {}


def redis_url(name: str) -> str | None:
    value = text(name, "")
    if value and urlsplit(value).scheme not in ("redis", "rediss", "unix"):
        raise ImproperlyConfigured(f"{name} must be redis://host:port/number, got {value!r}")
    return value or None


def secret_key(name: str, kept_in: Path | None) -> str:
    """The key, or the one that an earlier start made and kept in the file, or a new one.

    Args:
        kept_in: the file; None where the variable must be set.
    """
    value = text(name, "" if kept_in else None)
    if value:
        if len(value) < 50:
            raise ImproperlyConfigured(f"{name} must have 50 characters or more, got {len(value)}")
        return value
    assert kept_in is not None
    if not kept_in.exists():
        try:
            _make_secret(kept_in)
        except OSError as error:
            where = f"{kept_in.parent} ({error.strerror})"
            raise ImproperlyConfigured(f"{name} cannot be made and kept in {where}") from error
    return kept_in.read_text(encoding="ascii").strip()


def token(name: str) -> str:
    """A secret that programs send; empty where there is none."""
    value = text(name, "")
    if value and len(value) < 16:
        raise ImproperlyConfigured(f"{name} must have 16 characters or more, got {len(value)}")
    return value


def _make_secret(path: Path) -> None:
    """Make the file, whole: of several processes that start together one does, and all read it."""
    own = path.with_name(f"{path.name}.{os.getpid()}")
    own.touch(mode=0o600)
    own.write_text(secrets.token_urlsafe(50), encoding="ascii")
    with suppress(FileExistsError):
        path.hardlink_to(own)
    own.unlink()


def database(name: str, default: str, *, relative_to: Path, pool_size: int) -> dict[str, Any]:
    """Django's settings of the database that the address names."""
    address = urlsplit(text(name, default))
    if address.scheme == "sqlite" and not address.netloc and len(address.path) > 1:
        return _sqlite(relative_to / unquote(address.path[1:]))
    if address.scheme in ("postgresql", "postgres") and len(address.path) > 1:
        options: dict[str, Any] = dict(parse_qsl(address.query))
        if pool_size:
            options["pool"] = {"min_size": 1, "max_size": pool_size, "timeout": 10}
        return {
            "ENGINE": "django.db.backends.postgresql",
            # Also of a pool: no request gets a connection that a restart of the server has cut.
            "CONN_HEALTH_CHECKS": True,
            "NAME": unquote(address.path[1:]),
            "USER": unquote(address.username or ""),
            "PASSWORD": unquote(address.password or ""),
            "HOST": unquote(address.hostname or ""),
            "PORT": str(address.port or ""),
            "OPTIONS": options,
        }
    # The value itself may hold a password: it is not repeated.
    raise ImproperlyConfigured(f"{name} must be {DATABASE_FORMS}, got a {address.scheme!r} address")


def _sqlite(path: Path) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "OPTIONS": {
            # Without IMMEDIATE half of the contended transactions fail with "database is locked".
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
    }
