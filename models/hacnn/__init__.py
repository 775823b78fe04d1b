"""HA-CNN, a small network with attention to regions (CVPR 2018)."""

from mindreid.models.hacnn.network import HACNN
from mindreid.models.hacnn.objective import HACNNObjective
from mindreid.zoo import MODELS, ModelEntry

MODELS.register(
    "hacnn",
    ModelEntry(
        network=HACNN,
        objective=HACNNObjective,
        sources={"torchreid_hacnn": ("hacnn/market1501", ("model.network.align_corners", True))},
    ),
)

__all__ = ["HACNN", "HACNNObjective"]
