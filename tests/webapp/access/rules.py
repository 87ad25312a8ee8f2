"""What each of four gets at an address: owner, shared-with, stranger, and nobody."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SIGN_IN = 302, 401
"""What nobody gets: a page sends them to sign in, the API says that they have not."""


@dataclass(frozen=True)
class Rule:
    """Statuses by who asks.

    Args:
        owner: of everything that the address names.
        shared: who was given a look at the owner's search.
        stranger: who has an account.
        nobody: who has none, or has not signed in.
        body: that is sent, of which no fault is found, so that the answer depends on who asks.
        query: that follows the address.
        arguments: parts of the address that differ from the usual ones.
    """

    owner: int
    shared: int
    stranger: int
    nobody: tuple[int, ...] = SIGN_IN
    body: Mapping[str, Any] = field(default_factory=dict)
    query: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def expected(self, who: str) -> tuple[int, ...]:
        """The statuses that would be right."""
        return self.nobody if who == "nobody" else (getattr(self, who),)


def public(status: int = 200, **more: Any) -> Rule:
    """Everybody, whether they have an account or not."""
    return Rule(status, status, status, (status,), **more)


def signed_in(status: int = 200, **more: Any) -> Rule:
    """Whoever has an account: it is theirs alone, everybody's, or about nobody's things."""
    return Rule(status, status, status, **more)


def looked_at(status: int = 200, **more: Any) -> Rule:
    """The owner and who was given a look; to strangers it does not exist."""
    return Rule(status, status, 404, **more)


def changed(status: int = 200, **more: Any) -> Rule:
    """The owner; who was given a look is told that it is for looking; to strangers it is not."""
    return Rule(status, 403, 404, **more)


def owned(status: int = 200, **more: Any) -> Rule:
    """The owner; to everybody else it does not exist."""
    return Rule(status, 404, 404, **more)


def administrators(status: int = 404, **more: Any) -> Rule:
    """None of the four is one: pages do not exist, and the API says that they may not."""
    return Rule(status, status, status, **more)
