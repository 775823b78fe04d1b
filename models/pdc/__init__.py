"""Pose-driven Deep Convolutional model, PDC, with body keypoints (ICCV 2017)."""

from mindreid.models.pdc.network import PDC
from mindreid.models.pdc.objective import PDCObjective
from mindreid.zoo import MODELS, ModelEntry

MODELS.register("pdc", ModelEntry(network=PDC, objective=PDCObjective))

__all__ = ["PDC", "PDCObjective"]
