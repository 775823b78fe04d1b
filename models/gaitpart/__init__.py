"""GaitPart, gait from silhouettes by parts and their motion (CVPR 2020)."""

from mindreid.models.gaitpart.network import GaitPart
from mindreid.models.gaitpart.objective import GaitPartObjective
from mindreid.zoo import MODELS, ModelEntry

MODELS.register(
    "gaitpart",
    ModelEntry(
        network=GaitPart,
        objective=GaitPartObjective,
        sources={"opengait_gaitpart": ("gaitpart/casia_b",)},
    ),
)

__all__ = ["GaitPart", "GaitPartObjective"]
