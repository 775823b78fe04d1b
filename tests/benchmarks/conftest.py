"""The benchmarks import each other as scripts do: from their own folder."""

import sys
from pathlib import Path

FOLDER = str(Path(__file__).resolve().parents[2] / "benchmarks")

if FOLDER not in sys.path:
    sys.path.append(FOLDER)
