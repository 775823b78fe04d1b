"""Clothes-based Adversarial Loss (CVPR 2022)."""

from mindreid.layers.embedding_network import embedding_network
from mindreid.models.cal.objective import CALObjective
from mindreid.zoo import MODELS, ModelEntry

MODELS.register(
    "cal",
    ModelEntry(
        network=embedding_network,
        objective=CALObjective,
        sources={"simple_ccreid": ("cal/ltcc",), "simple_ccreid_video": ("cal/ccvid",)},
    ),
)

__all__ = ["CALObjective"]
