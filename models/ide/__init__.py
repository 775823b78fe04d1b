"""ID-discriminative Embedding, a softmax baseline, with a verification loss as an option (TOMM 2017)."""

from mindreid.models.ide.network import IDE, ide
from mindreid.models.ide.objective import IDEObjective
from mindreid.zoo import MODELS, ModelEntry

MODELS.register("ide", ModelEntry(network=ide, objective=IDEObjective))

__all__ = ["IDE", "IDEObjective", "ide"]
