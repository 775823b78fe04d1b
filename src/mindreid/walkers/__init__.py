"""Generated pedestrians: articulated walking figures rendered from a seed, with exact annotations.

A person is a body shape and a manner of walking; clothes come from one pool that everybody
shares, so that a colour says nothing about who wears it.
"""

from mindreid.walkers.annotation import KEYPOINT_NAMES, WalkerFrame
from mindreid.walkers.synthesis import synthesize
from mindreid.walkers.walk import Walk, render_walk

__all__ = ["KEYPOINT_NAMES", "Walk", "WalkerFrame", "render_walk", "synthesize"]
