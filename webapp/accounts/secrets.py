"""Secrets of API tokens: made here, hashed here, never stored."""

import hashlib
import secrets

SCHEME = "esp_"
PREFIX_LENGTH = len(SCHEME) + 6


def new_secret() -> str:
    """256 random bits. `esp_` lets scanners of source code recognise one that leaked."""
    return SCHEME + secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """SHA-256 is enough: a slow hash protects words that can be guessed, and this cannot be."""
    return hashlib.sha256(secret.encode()).hexdigest()


def prefix(secret: str) -> str:
    """The part that the page shows, by which its owner tells tokens apart."""
    return secret[:PREFIX_LENGTH]
