"""HA-CNN checkpoints of github.com/KaiyangZhou/deep-person-reid (torchreid)."""

from __future__ import annotations

import re
from typing import Optional

from mindreid.convert.source import OBJECTIVE_PREFIX, Source
from mindreid.layers.resnet import norm_parameter_name

_NETWORK = re.compile(r"(conv|inception[123]|ha[123]|local_conv[123]|fc_global|fc_local)\..+")
_NORM = re.compile(r".*(\.bn|fc_global\.1|fc_local\.1)\.\w+")


def rename(name: str) -> Optional[str]:
    """Translate a tensor's name; the classifiers serve training only."""
    if name.startswith("classifier_"):
        return OBJECTIVE_PREFIX + name
    if _NETWORK.fullmatch(name) is None:
        return None
    return norm_parameter_name(name) if _NORM.fullmatch(name) else name


SOURCE = Source(
    rename=rename,
    classes=f"{OBJECTIVE_PREFIX}classifier_global.weight",
    sections={"state_dict": ""},
    required="ha1.hard_attn.fc.weight",
)
