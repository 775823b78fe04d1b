"""ID-discriminative Embedding, a softmax baseline, with a verification loss as an option (TOMM 2017)."""

from mindreid.models.ide.network import IDE
from mindreid.models.ide.objective import IDEObjective
from mindreid.zoo import MODELS, ModelEntry

MODELS.register("ide", ModelEntry(network=IDE, objective=IDEObjective))

__all__ = ["IDE", "IDEObjective"]
