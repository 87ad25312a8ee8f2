"""How much of the server's disk each user takes, and may take: ESPALIER_QUOTA_BYTES.

Apps say what of theirs counts when Django starts. What is asked for is refused as soon as a user is
over the quota; work that is under way goes on to its end.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings
from django.template.defaultfilters import filesizeformat

from webapp.errors import ProductError

INCOMING = "Uploads on their way"
SMALLER = "This is more than what is left of your quota: your account page says what takes it."


@dataclass(frozen=True)
class Part:
    """What a user keeps of one sort.

    Args:
        label: such as `Checkpoints`.
        address: name of the page where it can be deleted; empty where it goes by itself.
        used: bytes on disk of the user with this id.
        query: with which that page shows what is largest first.
    """

    label: str
    address: str
    used: Callable[[int], int]
    query: str = ""


@dataclass(frozen=True)
class Usage:
    """What a user keeps: bytes by part, the largest first; `limit` is 0 where there is none."""

    parts: list[tuple[Part, int]]
    limit: int

    @property
    def total(self) -> int:
        return sum(count for _, count in self.parts)


_parts: list[Part] = []
_incoming: Counter[int] = Counter()


def register(part: Part) -> None:
    """Let it count."""
    _parts.append(part)


def usage(user_id: int) -> Usage:
    """What a user keeps now; uploads on their way are those to this process."""
    arriving = Part(INCOMING, "", lambda user: _incoming[user])
    found = [(part, part.used(user_id)) for part in (*_parts, arriving)]
    found = [(part, count) for part, count in found if count]
    return Usage(sorted(found, key=lambda one: -one[1]), settings.QUOTA_BYTES)


@contextmanager
def incoming(user_id: int | None, count: int) -> Iterator[None]:
    """Count bytes as the user's while they arrive."""
    if user_id is not None:
        _incoming[user_id] += count
    try:
        yield
    finally:
        if user_id is not None:
            _incoming[user_id] -= count


def check(user_id: int, more: int = 0) -> int | None:
    """Whether a user may keep more; how many bytes are left then, None where there is no quota.

    Args:
        more: bytes that are about to come.

    Raises:
        ProductError: over the quota; it says what takes most.
    """
    now = usage(user_id)
    if not now.limit:
        return None
    left = now.limit - now.total - more
    if left < 0:
        raise ProductError(_refusal(now, more), "over_quota")
    return left


def check_kept(user_id: int, more: int = 0) -> None:
    """The same for what has arrived: what still arrives is no reason to refuse it."""
    check(user_id, more - _incoming[user_id])


def _refusal(now: Usage, more: int) -> str:
    kept = [(part, count) for part, count in now.parts if part.address]
    takes = ", ".join(f"{part.label.lower()} {filesizeformat(count)}" for part, count in kept[:3])
    room = f" and this needs {filesizeformat(more)} more" if more > 0 else ""
    return (
        f"You keep {filesizeformat(now.total)} of the {filesizeformat(now.limit)} that this server"
        f" gives each user{room}. Delete some of it first ({takes or 'nothing is kept yet'}): your"
        " account page says where."
    ).replace("\N{NO-BREAK SPACE}", " ")
