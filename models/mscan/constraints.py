"""What keeps latent parts apart, of some size, and inside of the image."""

from __future__ import annotations

import numpy as np
from mindspore import Tensor, nn, ops

from mindreid.models.mscan.network import PART_CENTRES

#: Squared distance from its prior centre that a part may have.
_CENTRE_RADIUS = 0.5
#: Least scale.
_LEAST_SCALE = 0.1
#: Squared place of a part's edge, where the map's is 1.
_EDGE = 1.0


class SpatialConstraints(nn.Cell):
    r"""The localisation loss of MSCAN, over parts with scales :math:`s` and shifts :math:`t`.

    .. math::
        L_{cen} &= \tfrac12 \max(0, (t_x - C_x)^2 + (t_y - C_y)^2 - \alpha) \\
        L_{pos} &= \max(0, \beta - s_x) + \max(0, \beta - s_y) \\
        L_{in} &= \tfrac12 \sum_\pm \max(0, (s_x \pm t_x)^2 - \gamma)
            + \tfrac12 \sum_\pm \max(0, (s_y \pm t_y)^2 - \gamma)

    with :math:`\alpha = 0.5`, :math:`\beta = 0.1`, :math:`\gamma = 1`: a part stays near its prior
    centre :math:`C`, does not vanish or turn over, and ends inside of the image.

    Examples
    --------
    >>> scale = Tensor([[[1.0, 0.4]] * 3])
    >>> SpatialConstraints()(scale, Tensor([[[0.0, -0.6], [0.0, 0.0], [0.0, 0.6]]]))
    Tensor(shape=[], dtype=Float32, value= 0)
    """

    def __init__(self) -> None:
        super().__init__()
        centres = [(0.0, centre) for centre in PART_CENTRES]
        self.centres = Tensor(np.array(centres, np.float32))

    def construct(self, scale: Tensor, shift: Tensor) -> Tensor:
        """Return the sum over parts, mean over images, a scalar; both inputs are ``[B, 3, 2]``."""
        away = ops.square(shift - self.centres).sum(2)
        centre = 0.5 * ops.relu(away - _CENTRE_RADIUS)
        positive = ops.relu(_LEAST_SCALE - scale).sum(2)
        edges = ops.relu(ops.square(scale + shift) - _EDGE) + ops.relu(ops.square(scale - shift) - _EDGE)
        return (centre + positive + 0.5 * edges.sum(2)).sum(1).mean()
