"""Multiple Granularity Network (ACM MM 2018)."""

from mindreid.models.mgn.network import MGN, mgn
from mindreid.models.mgn.objective import MGNObjective
from mindreid.zoo import MODELS, ModelEntry

_PORT = "mgn/market1501_port"

MODELS.register(
    "mgn",
    ModelEntry(
        network=mgn,
        objective=MGNObjective,
        sources={
            "mgn_pytorch": (_PORT,),
            "reid_mgn": (_PORT, ("model.network.variant", "reid_mgn")),
        },
    ),
)

__all__ = ["MGN", "MGNObjective", "mgn"]
