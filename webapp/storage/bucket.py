"""A bucket of S3 whose faults are those of a disk: whoever has files need know no S3."""

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from functools import cached_property, wraps
from pathlib import Path
from typing import IO, Any, NamedTuple, TypeVar

from boto3.exceptions import Boto3Error
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from storages.backends.s3 import S3File, S3Storage
from storages.utils import clean_name

from webapp.errors import StorageAway

Result = TypeVar("Result")

FAULTS = (BotoCoreError, Boto3Error, ClientError)
GONE = ("404", "NoSuchKey", "NotFound")
SPOOLED_BYTES = 8 << 20


class Stored(NamedTuple):
    """A file as the bucket knows it; the tag changes with the content."""

    tag: str
    size: int


@contextmanager
def faults_of_a_disk(name: str) -> Iterator[None]:
    """Within it whatever S3 has for an error is an OSError."""
    try:
        yield
    except FAULTS as error:
        raise _as_on_a_disk(error, name) from error


def _as_on_a_disk(error: Exception, name: str) -> OSError:
    if isinstance(error, ClientError) and error.response["Error"]["Code"] in GONE:
        return FileNotFoundError(errno.ENOENT, "No such file in the bucket", name)
    said = " ".join(str(error).split())[:300].rstrip(".")
    return StorageAway(errno.EIO, said, name)


def _told(method: Callable[..., Result]) -> Callable[..., Result]:
    @wraps(method)
    def call(storage: Any, name: str, *more: Any, **named: Any) -> Result:
        with faults_of_a_disk(name):
            return method(storage, name, *more, **named)

    return call


class BucketFile(S3File):
    """A file of the bucket; its content is fetched when it is first read."""

    def _get_file(self) -> IO[bytes]:
        with faults_of_a_disk(self.name):
            return super()._get_file()

    file = property(_get_file, S3File._set_file)


class Bucket(S3Storage):
    """The bucket that ESPALIER_S3_BUCKET names."""

    def __init__(self, **options: Any) -> None:
        # Not by names of hosts: a server of one's own has one name.
        style = "path" if options.get("endpoint_url") else "auto"
        config = Config(
            s3={"addressing_style": style},
            connect_timeout=5,
            read_timeout=60,
            retries={"mode": "standard", "max_attempts": 5},
            # As S3 has always been: many servers do not know its newer checksums.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        super().__init__(client_config=config, max_memory_size=SPOOLED_BYTES, **options)

    _save = _told(S3Storage._save)
    delete = _told(S3Storage.delete)
    exists = _told(S3Storage.exists)
    listdir = _told(S3Storage.listdir)
    size = _told(S3Storage.size)
    get_modified_time = _told(S3Storage.get_modified_time)

    def _open(self, name: str, mode: str = "rb") -> BucketFile:
        with faults_of_a_disk(name):
            return BucketFile(self._normalize_name(clean_name(name)), mode, self)

    def answers(self) -> bool:
        """Whether it is there and lets us in: it is asked once, for at most some seconds."""
        try:
            self._hurried.head_bucket(Bucket=self.bucket_name)
        except FAULTS:
            return False
        return True

    @cached_property
    def _hurried(self) -> Any:
        """A client that soon gives up."""
        hurried = copy(self)
        limits = Config(connect_timeout=2, read_timeout=2, retries={"max_attempts": 0})
        hurried.client_config = self.client_config.merge(limits)
        return hurried.connection.meta.client

    def stored(self, name: str) -> Stored:
        """What is there under this name now.

        Raises:
            FileNotFoundError: nothing.
        """
        with faults_of_a_disk(name):
            found = self._head(name)
            return Stored(found["ETag"], found["ContentLength"])

    def fetch(self, name: str, target: Path) -> None:
        """Write a file of the bucket to a place on this machine."""
        with faults_of_a_disk(name), target.open("wb") as file:
            key = self._normalize_name(name)
            self.bucket.Object(key).download_fileobj(file, Config=self.transfer_config)

    def bytes_in(self, folder: str) -> int:
        """What all files within a folder take: a list says it, a thousand at a time."""
        with faults_of_a_disk(folder):
            start = f"{self._normalize_name(folder)}/"
            return sum(found.size for found in self.bucket.objects.filter(Prefix=start))

    def _head(self, name: str) -> Any:
        client = self.connection.meta.client
        return client.head_object(Bucket=self.bucket_name, Key=self._normalize_name(name))
