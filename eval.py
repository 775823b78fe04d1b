"""Evaluate a checkpoint: the same as ``mindreid eval``."""

import sys

from mindreid.cli import main

if __name__ == "__main__":
    sys.exit(main(["eval", *sys.argv[1:]]))
