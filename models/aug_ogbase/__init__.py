"""AUG-OGBase, the gait baseline of CCPG (CVPR 2023)."""

from mindreid.models.aug_ogbase.network import AugOGBase
from mindreid.models.aug_ogbase.objective import AugOGBaseObjective
from mindreid.zoo import MODELS, ModelEntry

MODELS.register(
    "aug_ogbase",
    ModelEntry(
        network=AugOGBase,
        objective=AugOGBaseObjective,
        sources={"opengait": ("aug_ogbase/ccpg_plain",)},
    ),
)

__all__ = ["AugOGBase", "AugOGBaseObjective"]
