"""Multi-Scale Context-Aware Network with latent parts, MSCAN (CVPR 2017)."""

from mindreid.models.mscan.network import MSCAN
from mindreid.models.mscan.objective import MSCANObjective
from mindreid.zoo import MODELS, ModelEntry

MODELS.register("mscan", ModelEntry(network=MSCAN, objective=MSCANObjective))

__all__ = ["MSCAN", "MSCANObjective"]
