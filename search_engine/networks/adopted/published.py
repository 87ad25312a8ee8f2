"""The files of published weights: kept in a folder, fetched on request, used where they are whole.

Somebody may fill the folder by hand. A file's SHA-256 must begin as its publisher says, or, where
he says it only as he gives the file, as its own name does.
"""

import hashlib
import re
from dataclasses import replace
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

import torch

from search_engine.spec import PublishedWeights
from search_engine.spec.errors import CheckpointError

DEFAULT_FOLDER = Path("var/weights")
"""Where they are kept when no folder is given."""
TIMEOUT_SECONDS = 30
_DIGEST = re.compile(r"-([0-9a-f]{8,64})\.")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def weights_file(
    weights: PublishedWeights, folder: Path, *, download: bool, mirror: str = ""
) -> tuple[Path, PublishedWeights]:
    """The file of published weights, whole; and what is known of them then, the full digest.

    Args:
        download: fetch it where it is not there.
        mirror: address in place of the publisher's `https://host`.

    Raises:
        CheckpointError: it is not there, cannot be fetched, or is another file.
    """
    pattern = weights.file if weights.sha256 else "-*.".join(weights.file.rsplit(".", 1))
    path = next(iter(sorted(folder.glob(pattern))), None)
    if path is None:
        by_hand = f"put {weights.address} as {pattern} into {folder}, * being its SHA-256"
        by_hand = by_hand if "*" in pattern else f"put {weights.address} into {folder}"
        if not download:
            raise CheckpointError(weights.file, f"the weights are not there: {by_hand}")
        path = _fetch(weights, folder, mirror, by_hand)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    expected = weights.sha256 or digest_in(path.name)
    if not expected or not digest.startswith(expected):
        raise CheckpointError(
            str(path), f"expected a SHA-256 of {expected}…, got {digest[:16]}…: delete the file"
        )
    return path, replace(weights, file=path.name, sha256=digest)


def digest_in(name: str) -> str:
    """The first digits of a file's SHA-256, which stand in its name; empty where none do."""
    found = _DIGEST.search(name)
    return found[1] if found else ""


def _fetch(weights: PublishedWeights, folder: Path, mirror: str, by_hand: str) -> Path:
    address = weights.address
    if mirror:
        address = mirror.rstrip("/") + urlsplit(address).path
    folder.mkdir(parents=True, exist_ok=True)
    try:
        sha256 = weights.sha256 or _announced(address)
        name = weights.file
        if not weights.sha256:
            name = f"-{sha256[:16]}.".join(name.rsplit(".", 1))
        # Under its name only when it is whole and its digest is right.
        torch.hub.download_url_to_file(
            address, str(folder / name), hash_prefix=sha256, progress=False
        )
    except (OSError, RuntimeError, ValueError, HTTPException) as error:
        reason = f"cannot be fetched from {address} ({error}); {by_hand}"
        raise CheckpointError(weights.file, reason) from None
    return folder / name


class _Here(HTTPRedirectHandler):
    """Follows nothing: what is asked for stands in the first answer."""

    def redirect_request(self, *_: object) -> None:
        return None


def _announced(address: str) -> str:
    """The digest that Hugging Face tells of a large file, before it sends on to where it lies."""
    opener = build_opener(_Here)
    opener.addheaders = [("User-Agent", "espalier")]
    try:
        answer = opener.open(Request(address, method="HEAD"), timeout=TIMEOUT_SECONDS)
    except OSError as error:
        if not 300 <= getattr(error, "code", 0) < 400:
            raise
        answer = error  # an answer as well
    sha256 = (answer.headers.get("X-Linked-ETag") or "").strip('"')
    if not _SHA256.fullmatch(sha256):
        raise ValueError("the server tells no SHA-256 of it")
    return sha256
