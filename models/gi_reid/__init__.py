"""GI-ReID: a re-identification network that gait, predicted from one silhouette, regularises (CVPR 2022)."""

from mindreid.models.gi_reid.network import GIReID
from mindreid.models.gi_reid.objective import GIReIDObjective
from mindreid.zoo import MODELS, ModelEntry

MODELS.register("gi_reid", ModelEntry(network=GIReID, objective=GIReIDObjective))

__all__ = ["GIReID", "GIReIDObjective"]
