"""Clothes-changing person re-identification based on spatial consistency: view adversarial loss."""

from mindreid.layers.embedding_network import embedding_network
from mindreid.models.val.objective import VALObjective
from mindreid.models.val.view_classes import ViewClasses
from mindreid.zoo import MODELS, ModelEntry

MODELS.register("val", ModelEntry(network=embedding_network, objective=VALObjective))

__all__ = ["VALObjective", "ViewClasses"]
