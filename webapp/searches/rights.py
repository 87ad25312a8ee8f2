"""Who may go on watching: asked again for every open socket, in a fixed number of queries."""

from collections.abc import Iterable, Mapping

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.sessions.models import Session
from django.utils import timezone

from webapp.searches.models import Search, Share

Key = tuple[int, int, str]
"""Search, user, session key."""

SIGNED_OUT, NO_RIGHTS, NOT_FOUND = 4401, 4403, 4404


def refused(asked: Iterable[Key]) -> Mapping[Key, int]:
    """Those that may not watch, with the code that says why."""
    keys = list(asked)
    searches = {search_id for search_id, _, _ in keys}
    owners = dict(Search.objects.filter(pk__in=searches).values_list("pk", "owner_id"))
    shared = set(Share.objects.filter(search__in=searches).values_list("search_id", "user_id"))
    signed_in = _signed_in({session for _, _, session in keys}, {user for _, user, _ in keys})
    codes: dict[Key, int] = {}
    for search_id, user_id, session in keys:
        if signed_in.get(session) != user_id:
            codes[search_id, user_id, session] = SIGNED_OUT
        elif search_id not in owners:
            codes[search_id, user_id, session] = NOT_FOUND
        elif owners[search_id] != user_id and (search_id, user_id) not in shared:
            codes[search_id, user_id, session] = NO_RIGHTS
    return codes


def _signed_in(session_keys: set[str], user_ids: set[int]) -> dict[str, int]:
    """Who is signed in under which session: it is there, and the password is still the same."""
    users = get_user_model().objects.filter(pk__in=user_ids, is_active=True).in_bulk()
    sessions = Session.objects.filter(session_key__in=session_keys, expire_date__gt=timezone.now())
    found: dict[str, int] = {}
    for session in sessions:
        data = session.get_decoded()
        user = users.get(int(data.get(SESSION_KEY, 0)))
        if user is not None and _hash_is_current(user, str(data.get(HASH_SESSION_KEY, ""))):
            found[session.session_key] = user.pk
    return found


def _hash_is_current(user: AbstractBaseUser, found: str) -> bool:
    return found == user.get_session_auth_hash()
