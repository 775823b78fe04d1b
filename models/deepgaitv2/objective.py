"""What trains DeepGaitV2: a triplet loss and a softmax loss on every part."""

from __future__ import annotations

from mindreid.part_objectives import PartSoftmaxObjective


class DeepGaitV2Objective(PartSoftmaxObjective):
    """Loss terms of DeepGaitV2: those of GaitBase's head."""
