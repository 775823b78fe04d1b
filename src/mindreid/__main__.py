"""``python -m mindreid``: the same as the command ``mindreid``."""

import sys

from mindreid.cli import main

if __name__ == "__main__":
    sys.exit(main())
