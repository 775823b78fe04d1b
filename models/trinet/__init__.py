"""TriNet, trained with the batch-hard triplet loss alone (arXiv 1703.07737)."""

from mindreid.models.trinet.network import TriNet
from mindreid.models.trinet.objective import TriNetObjective
from mindreid.zoo import MODELS, ModelEntry

MODELS.register("trinet", ModelEntry(network=TriNet, objective=TriNetObjective))

__all__ = ["TriNet", "TriNetObjective"]
