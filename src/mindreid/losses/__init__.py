"""Loss functions, one file an idea; all are called ``(inputs, targets)`` with int32 targets."""

from mindreid.losses.cross_entropy import CrossEntropyLabelSmooth
from mindreid.losses.triplet import TripletLoss

__all__ = ["CrossEntropyLabelSmooth", "TripletLoss"]
