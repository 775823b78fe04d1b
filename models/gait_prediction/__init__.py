"""GI-ReID's gait stream by itself: gait from one silhouette, whose cycle is predicted (CVPR 2022)."""

from mindreid.models.gait_prediction.network import GaitPrediction
from mindreid.models.gait_prediction.objective import GaitPredictionObjective
from mindreid.zoo import MODELS, ModelEntry

MODELS.register("gait_prediction", ModelEntry(network=GaitPrediction, objective=GaitPredictionObjective))

__all__ = ["GaitPrediction", "GaitPredictionObjective"]
