"""Multiple Granularity Network (ACM MM 2018)."""

from mindreid.models.mgn.network import MGN
from mindreid.models.mgn.objective import MGNObjective
from mindreid.zoo import MODELS, ModelEntry

MODELS.register(
    "mgn",
    ModelEntry(
        network=MGN,
        objective=MGNObjective,
        sources={
            "mgn_pytorch": ("mgn/market1501_port",),
            "reid_mgn": ("mgn/market1501_reid_mgn",),
        },
    ),
)

__all__ = ["MGN", "MGNObjective"]
