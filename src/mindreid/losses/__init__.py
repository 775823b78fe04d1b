"""Loss functions, one file an idea; called ``(inputs, targets)`` with int32 targets, or with two samples."""

from mindreid.losses.attribute_aware import AttributeAwareLoss
from mindreid.losses.center import CenterLoss
from mindreid.losses.cosface import CosFaceLoss
from mindreid.losses.cross_entropy import CrossEntropyLabelSmooth
from mindreid.losses.mean_discrepancy import MaximumMeanDiscrepancyLoss
from mindreid.losses.memory_bank import MemoryBankLoss
from mindreid.losses.multi_positive import MultiPositiveLoss
from mindreid.losses.part_cross_entropy import PartCrossEntropyLoss
from mindreid.losses.part_triplet import PartTripletLoss
from mindreid.losses.pixel_cross_entropy import PixelCrossEntropyLoss
from mindreid.losses.triplet import TripletLoss

__all__ = [
    "AttributeAwareLoss",
    "CenterLoss",
    "CosFaceLoss",
    "CrossEntropyLabelSmooth",
    "MaximumMeanDiscrepancyLoss",
    "MemoryBankLoss",
    "MultiPositiveLoss",
    "PartCrossEntropyLoss",
    "PartTripletLoss",
    "PixelCrossEntropyLoss",
    "TripletLoss",
]
