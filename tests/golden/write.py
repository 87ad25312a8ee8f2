"""`python -m tests.golden.write [FILE]`: run everything, and write what came of it.

Without FILE this replaces `curves.json`, which is right only where results are meant to change:
the commit says why they do.
"""

import json
import sys
import tempfile
from pathlib import Path

from tests.golden.running import EXPECTED, run_all


def main() -> None:
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else EXPECTED
    with tempfile.TemporaryDirectory(prefix="espalier-golden-") as folder:
        found = run_all(Path(folder))
    path.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
