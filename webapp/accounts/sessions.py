"""Sessions in the database, looked for by keys that Django can have made, and by no others."""

from django.contrib.sessions.backends import db


class SessionStore(db.SessionStore):
    """A cookie may hold anything: a NUL in it is a fault of PostgreSQL's, not of who sent it."""

    def _validate_session_key(self, key: str | None) -> bool:
        is_plain = bool(key) and str(key).isascii() and str(key).isalnum()
        return is_plain and bool(super()._validate_session_key(key))  # type: ignore[misc]
