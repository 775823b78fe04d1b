"""Mixed precision: which of a network's cells compute in float16, by level.

=====  ===================  =====================  ====================  ======================
level  convolutions,        norms and activations  pooling to vectors,   losses and classifiers
       linear maps          of maps                norms of vectors
=====  ===================  =====================  ====================  ======================
O0     float32              float32                float32               float32
O1     float16              float32                float32               float32
O2     float16              float16                float32               float32
O3     float16              float16                float16               float32
auto   as O2, which is what PyTorch's autocast makes of these networks
=====  ===================  =====================  ====================  ======================

Parameters are float32 at every level, and so are the statistics of norms: a norm of float16 takes
and gives float16 only. A cell casts its own arguments, so it does not matter which method of the
network calls it. ``mindspore.amp.auto_mixed_precision`` rewrites ``construct`` instead, which is not
what a method's training calls, and fails on blocks of mindcv.
"""

from __future__ import annotations

from typing import Literal

import mindspore as ms
from mindspore import nn

from mindreid.errors import InvalidArgumentError
from mindreid.layers.parts import PartLinear
from mindreid.layers.pooling import GlobalPool, HorizontalPool, MaxAvgPool, StripePool, WeightedPool

PrecisionLevel = Literal["O0", "O1", "O2", "O3", "auto"]

_PRODUCTS = (nn.Conv2d, nn.Conv2dTranspose, nn.Dense, PartLinear)
_MAP_NORMS = (nn.BatchNorm2d, nn.SyncBatchNorm)
_TO_VECTORS = (GlobalPool, HorizontalPool, MaxAvgPool, StripePool, WeightedPool, nn.BatchNorm1d)
#: Which cells compute in another precision than that of their input.
_CASTS: dict[str, tuple[tuple[type[nn.Cell], ...], ...]] = {
    # level: (cells in float16, cells in float32)
    "O0": ((), ()),
    "O1": (_PRODUCTS, (*_MAP_NORMS, *_TO_VECTORS)),
    "O2": (_PRODUCTS, _TO_VECTORS),
    "O3": (_PRODUCTS, ()),
}
_CASTS["auto"] = _CASTS["O2"]


def set_precision(network: nn.Cell, level: PrecisionLevel) -> nn.Cell:
    """Have the cells of ``network`` compute in the precision of a level, before it is compiled.

    Parameters
    ----------
    network : nn.Cell
        The inference network, or one that only training uses; not losses and classifiers. A network has
        one level: another call is only for cells that were exchanged since.
    level : {"O0", "O1", "O2", "O3", "auto"}
        A row of the table above.

    Returns
    -------
    nn.Cell
        The same network.

    Raises
    ------
    InvalidArgumentError
        If there is no such level.
    """
    if level not in _CASTS:
        raise InvalidArgumentError(
            f"there is no level of mixed precision {level!r}", fix=f"choose one of {', '.join(_CASTS)}"
        )
    half, single = _CASTS[level]
    for _, cell in network.cells_and_names():
        if isinstance(cell, half):
            cell.to_float(ms.float16)
        elif isinstance(cell, single):
            cell.to_float(ms.float32)
    return network


def store_half(network: nn.Cell) -> nn.Cell:
    """Compute in float16 as on level "O3", and store the weights of products in it, too, for inference.

    Parameters
    ----------
    network : nn.Cell
        The inference network, which was not given another level before; changed in place.

    Returns
    -------
    nn.Cell
        The same network.
    """
    set_precision(network, "O3")
    for _, cell in network.cells_and_names():
        if isinstance(cell, _PRODUCTS):
            for parameter in cell.get_parameters(expand=False):
                parameter.set_dtype(ms.float16)
    return network
