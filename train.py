"""Train a model: the same as ``mindreid train``."""

import sys

from mindreid.cli import main

if __name__ == "__main__":
    sys.exit(main(["train", *sys.argv[1:]]))
