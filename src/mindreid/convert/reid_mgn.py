"""MGN of github.com/GNAYUOHZ/ReID-MGN, to our MGN's variant "reid_mgn"."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mindreid.convert.mgn_pytorch import convert_port


def convert(state: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Rename parameters; classifiers come back under "objective."."""
    return convert_port(state, stem="backbone", source="reid_mgn")
