"""One picture, read in a process of its own: `python -m search_engine.pictures.reader REQUEST`.

The request is JSON: `shape` (channels, height, width), `rendering`, and
`memory_bytes`. The picture comes on standard input; its pixels, as a network sees them, go out on
standard output as a PNG. Exit status 2: the last line on standard error says what is wrong with it.
"""

import json
import sys
from collections.abc import Mapping
from typing import Any

from PIL import Image

from search_engine.pictures.entries import Limits
from search_engine.pictures.pixels import opened, rendered
from search_engine.process_life import die_with_parent, limit_memory
from search_engine.spec.errors import DatasetError
from search_engine.spec.pictures import Rendering

REFUSED = 2


def main(request: Mapping[str, Any]) -> int:
    """Read one picture; the exit status."""
    die_with_parent()
    limit_memory(request["memory_bytes"])
    try:
        _seen(request).save(sys.stdout.buffer, "PNG")
    except DatasetError as error:
        why = error.reason
    except MemoryError:
        why = "needs more memory than this server allows"
    else:
        return 0
    sys.stderr.write(f"\n{why}\n")
    return REFUSED


def _seen(request: Mapping[str, Any]) -> Image.Image:
    channels, height, width = request["shape"]
    rendering = Rendering.from_json(request["rendering"])
    most = Limits().image_pixels
    with opened(sys.stdin.buffer.read(), "picture") as image:
        if image.width * image.height > most:
            reason = f"expected at most {most:,} pixels, got {image.width} x {image.height}"
            raise DatasetError("picture", reason, "image_too_large")
        pixels = rendered(image, (channels, height, width), rendering)
    return Image.fromarray(pixels[..., 0] if channels == 1 else pixels)


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
