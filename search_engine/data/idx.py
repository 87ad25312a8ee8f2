"""Files in IDX format, the format of MNIST and its relatives, plain or compressed with gzip.

Four bytes (0, 0, type, number of dimensions), then each dimension as a big-endian 32-bit integer,
then the values. The type is always 8, unsigned byte, in what is read here.
"""

import gzip
import zlib
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from search_engine.errors import DatasetError

_UNSIGNED_BYTE = 8
_GZIP_MAGIC = b"\x1f\x8b"


def read_idx(path: Path, dimensions: int) -> Tensor:
    """Read one IDX file of unsigned bytes.

    Args:
        path: the file; gzip is recognised by content.
        dimensions: how many it must have: 1 for labels, 3 for images.

    Returns:
        uint8, with as many dimensions.

    Raises:
        DatasetError: the file is missing, truncated or damaged, or is not such a file.
    """
    content = _read(path)
    header_bytes = 4 + 4 * dimensions
    magic = bytes((0, 0, _UNSIGNED_BYTE, dimensions))
    if content[:4] != magic or len(content) < header_bytes:
        raise DatasetError(
            str(path),
            f"expected an IDX file of {dimensions} dimensions, which starts with {magic.hex()},"
            f" got {content[:4].hex() or 'an empty file'}",
        )
    shape = np.frombuffer(content[4:header_bytes], dtype=">u4").astype(int).tolist()
    expected = header_bytes + int(np.prod(shape, dtype=object))
    if len(content) != expected:
        raise DatasetError(str(path), f"expected {expected} bytes, got {len(content)}")
    if 0 in shape:
        raise DatasetError(str(path), f"is empty, shape {tuple(shape)}")
    return torch.frombuffer(content, dtype=torch.uint8, offset=header_bytes).view(shape)


def _read(path: Path) -> bytearray:
    """The file's content, decompressed; a bytearray, because torch wants memory it may write."""
    try:
        content = path.read_bytes()
        if content.startswith(_GZIP_MAGIC):
            content = gzip.decompress(content)
    except FileNotFoundError as error:
        raise DatasetError(str(path), "is missing") from error
    except (OSError, EOFError, zlib.error) as error:
        raise DatasetError(str(path), f"cannot be read, perhaps truncated: {error}") from error
    return bytearray(content)
