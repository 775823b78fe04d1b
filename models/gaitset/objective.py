"""What trains GaitSet: a triplet loss on every part."""

from __future__ import annotations

from mindreid.part_objectives import PartTripletObjective


class GaitSetObjective(PartTripletObjective):
    """The loss of GaitSet (section 3.5 of the paper)."""
