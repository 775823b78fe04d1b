"""GaitSet, gait from silhouettes as a set (AAAI 2019)."""

from mindreid.models.gaitset.network import GaitSet
from mindreid.models.gaitset.objective import GaitSetObjective
from mindreid.zoo import MODELS, ModelEntry

MODELS.register(
    "gaitset",
    ModelEntry(
        network=GaitSet,
        objective=GaitSetObjective,
        sources={"opengait_gaitset": ("gaitset/casia_b",)},
    ),
)

__all__ = ["GaitSet", "GaitSetObjective"]
