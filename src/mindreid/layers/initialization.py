"""How authors' code draws the weights that no file fills, where it differs from these layers' own way."""

from __future__ import annotations

from typing import Literal, get_args

from mindspore import nn
from mindspore.common.initializer import HeNormal, Normal, XavierUniform, initializer

from mindreid.layers.frame_convolution import FrameConv, FramePartLinear
from mindreid.option_checks import check_choice

#: "he": He's rule for convolutions, norms' scales of 1; "opengait": Xavier's rule, scales about 1.
Initialization = Literal["he", "opengait"]

_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)


def scatter_norm_scales(cell: nn.Cell, deviation: float = 0.02) -> None:
    """Draw every batch norm's scale about 1 (normal), as OpenGait, the ports of MGN and CAL's code do."""
    for _, part in cell.cells_and_names():
        if isinstance(part, _NORMS) and part.gamma.requires_grad:
            scale = 1.0 + initializer(Normal(deviation), part.gamma.shape, part.gamma.dtype).init_data()
            part.gamma.set_data(scale)


def draw_xavier_convolutions(cell: nn.Cell) -> None:
    """Draw every convolution's weights by Xavier's rule (uniform), as OpenGait does.

    Those over frames are drawn as the 3-d and 1-d convolutions that they stand for.
    """
    parts = [part for _, part in cell.cells_and_names()]
    for part in parts:
        if isinstance(part, _CONVOLUTIONS):
            part.weight.set_data(initializer(XavierUniform(), part.weight.shape, part.weight.dtype))
    # Afterwards, since one of the convolutions above may be inside.
    for part in parts:
        if isinstance(part, (FrameConv, FramePartLinear)):
            part.draw(XavierUniform())


def initialize_as(cell: nn.Cell, initialization: Initialization) -> None:
    """Draw a network's weights anew as OpenGait does, or leave them as they are ("he").

    Raises
    ------
    InvalidArgumentError
        If there is no such initialisation.
    """
    check_choice("initialization", initialization, get_args(Initialization))
    if initialization == "opengait":
        draw_xavier_convolutions(cell)
        scatter_norm_scales(cell)


def draw_kaiming_classifier(classifier: nn.Dense) -> None:
    """Draw a classifier's weights by Kaiming's rule (normal, fan out), as the ports of MGN do."""
    weight = classifier.weight
    weight.set_data(initializer(HeNormal(mode="fan_out", nonlinearity="relu"), weight.shape, weight.dtype))
