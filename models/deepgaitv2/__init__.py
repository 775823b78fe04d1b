"""DeepGaitV2, gait from silhouettes with convolutions over time (arXiv 2303.03301)."""

from mindreid.models.deepgaitv2.network import DeepGaitV2
from mindreid.models.deepgaitv2.objective import DeepGaitV2Objective
from mindreid.zoo import MODELS, ModelEntry

MODELS.register(
    "deepgaitv2",
    ModelEntry(
        network=DeepGaitV2,
        objective=DeepGaitV2Objective,
        sources={"opengait_deepgaitv2": ("deepgaitv2/casia_b",)},
    ),
)

__all__ = ["DeepGaitV2", "DeepGaitV2Objective"]
