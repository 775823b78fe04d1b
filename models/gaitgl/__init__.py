"""GaitGL, gait from silhouettes with 3-d convolutions, global and local (ICCV 2021)."""

from mindreid.models.gaitgl.network import GaitGL
from mindreid.models.gaitgl.objective import GaitGLObjective
from mindreid.zoo import MODELS, ModelEntry

MODELS.register(
    "gaitgl",
    ModelEntry(
        network=GaitGL,
        objective=GaitGLObjective,
        sources={"opengait_gaitgl": ("gaitgl/casia_b",)},
    ),
)

__all__ = ["GaitGL", "GaitGLObjective"]
