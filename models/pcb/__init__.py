"""Part-based Convolutional Baseline with refined part pooling (ECCV 2018)."""

from mindreid.models.pcb.network import PCB
from mindreid.models.pcb.objective import PCBObjective
from mindreid.zoo import MODELS, ModelEntry

MODELS.register("pcb", ModelEntry(network=PCB, objective=PCBObjective))

__all__ = ["PCB", "PCBObjective"]
