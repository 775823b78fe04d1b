"""GaitSet checkpoints of github.com/ShiqiYu/OpenGait."""

from __future__ import annotations

import re
from typing import Optional

from mindreid.convert.source import Source

_BLOCK = re.compile(r"(?:set_block([123])\.forward_block|gl_block([23]))\.([02])\.conv\.weight")


def rename(name: str) -> Optional[str]:
    """Translate a tensor's name."""
    if name == "Head.fc_bin":
        return "part_linear.weight"
    block = _BLOCK.fullmatch(name)
    if block is None:
        return None
    of_set, of_global, place = block.groups()
    stream = f"set_block{of_set}" if of_set else f"global_block{of_global}"
    return f"{stream}.conv{1 if place == '0' else 2}.weight"


#: It has no classifier.
SOURCE = Source(rename=rename, classes="", sections={"model": ""}, required="global_block2.conv1.weight")
