"""GI-ReID's gait stream by itself: gait from one silhouette, whose cycle is predicted (CVPR 2022)."""

from mindreid.models.gait_prediction.network import GaitPrediction, gait_prediction
from mindreid.models.gait_prediction.objective import GaitPredictionObjective
from mindreid.zoo import MODELS, ModelEntry

MODELS.register("gait_prediction", ModelEntry(network=gait_prediction, objective=GaitPredictionObjective))

__all__ = ["GaitPrediction", "GaitPredictionObjective", "gait_prediction"]
