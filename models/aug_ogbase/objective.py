"""What trains OGBase: a triplet loss and a softmax loss on every part."""

from __future__ import annotations

from mindreid.part_objectives import PartSoftmaxObjective


class AugOGBaseObjective(PartSoftmaxObjective):
    """Loss terms of OGBase: those of GaitBase's head."""
