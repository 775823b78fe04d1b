"""Identity-guided human Semantic Parsing, ISP (ECCV 2020)."""

from mindreid.models.isp.network import ISP
from mindreid.models.isp.objective import ISPObjective
from mindreid.zoo import MODELS, ModelEntry

MODELS.register(
    "isp", ModelEntry(network=ISP, objective=ISPObjective, sources={"isp_reid": ("isp/market1501",)})
)

__all__ = ["ISP", "ISPObjective"]
