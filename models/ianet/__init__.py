"""Interaction-and-Aggregation Network (CVPR 2019)."""

from mindreid.models.ianet.network import IANet
from mindreid.models.ianet.objective import IANetObjective
from mindreid.zoo import MODELS, ModelEntry

MODELS.register("ianet", ModelEntry(network=IANet, objective=IANetObjective))

__all__ = ["IANet", "IANetObjective"]
