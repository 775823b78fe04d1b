"""Multiple Granularity Network (ACM MM 2018)."""

from mindreid.models.mgn.network import MGN, mgn
from mindreid.models.mgn.objective import MGNObjective
from mindreid.zoo import MODELS, ModelEntry

MODELS.register("mgn", ModelEntry(network=mgn, objective=MGNObjective))

__all__ = ["MGN", "MGNObjective", "mgn"]
