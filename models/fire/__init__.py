"""Fine-grained Representation and Recomposition, FIRe² (TIFS 2024)."""

from mindreid.models.fire.network import fire
from mindreid.models.fire.objective import FIReObjective
from mindreid.zoo import MODELS, ModelEntry

MODELS.register(
    "fire", ModelEntry(network=fire, objective=FIReObjective, sources={"fire_ccreid": ("fire/ltcc",)})
)

__all__ = ["FIReObjective"]
