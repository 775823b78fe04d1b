"""GaitSet: silhouettes as a set, pooled at three depths.

Chao et al., "GaitSet: Regarding Gait as a Set for Cross-View Gait Recognition", AAAI 2019,
arXiv 1811.06186, as OpenGait has it.
"""

from __future__ import annotations

from mindreid.layers.initialization import Initialization, initialize_as
from mindreid.layers.plain_convolutions import plain_channels
from mindreid.layers.silhouette_set import SetNetwork

CHANNELS = (32, 64, 128)


class GaitSet(SetNetwork):
    """GaitSet, see :class:`mindreid.layers.silhouette_set.SetNetwork`.

    Parameters
    ----------
    width : float
        Factor on the channels, below 1 for small networks on a CPU.
    features : int
        Length of a part's embedding.
    initialization : {"he", "opengait"}
        How convolutions' weights are drawn; with "opengait" the second stream draws its own, else it
        starts as a copy of the first.
    """

    def __init__(
        self, *, width: float = 1.0, features: int = 256, initialization: Initialization = "he"
    ) -> None:
        super().__init__(plain_channels(CHANNELS, width), features)
        initialize_as(self, initialization)
