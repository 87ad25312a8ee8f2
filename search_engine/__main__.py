"""`python -m search_engine`."""

import sys

from search_engine.command_line.main import main

if __name__ == "__main__":
    sys.exit(main())
