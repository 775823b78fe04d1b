"""Export a checkpoint for deployment: the same as ``mindreid export``."""

import sys

from mindreid.cli import main

if __name__ == "__main__":
    sys.exit(main(["export", *sys.argv[1:]]))
