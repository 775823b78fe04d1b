"""Networks that are made for images of one size, since a layer of theirs sees a whole map as a vector."""

from __future__ import annotations

from collections.abc import Sequence

from mindspore import nn
from mindspore.ops import constexpr

from mindreid.errors import InvalidArgumentError
from mindreid.option_checks import two_sides


class SizedNetwork(nn.Cell):
    """A network of images of one size, which it is told when it is built.

    Parameters
    ----------
    image_size : sequence of int
        Height and width in pixels.
    multiple : int
        What both must be multiples of.

    Attributes
    ----------
    image_size : tuple of int
        Height and width in pixels.

    Raises
    ------
    InvalidArgumentError
        If the size is anything but two such multiples.
    """

    def __init__(self, image_size: Sequence[int], multiple: int) -> None:
        super().__init__()
        height, width = two_sides("image_size", image_size)
        if height % multiple or width % multiple:
            raise InvalidArgumentError(
                f"the network takes images of multiples of {multiple} pixels, not {height}×{width}"
            )
        self.image_size = (height, width)

    def check_input(self, height: int, width: int) -> None:
        """Refuse a size in pixels that the network was not made for, before anything is compiled.

        Raises
        ------
        InvalidArgumentError
            If it is not :attr:`image_size`.
        """
        refuse_other_size((height, width), self.image_size)


def refuse_other_size(size: tuple[int, int], expected: tuple[int, int]) -> None:
    """Raise an InvalidArgumentError unless both sizes, height and width, are equal."""
    if size != expected:
        raise InvalidArgumentError(
            f"this network was made for images of {expected[0]}×{expected[1]}, not {size[0]}×{size[1]}",
            fix=f"set model.network.image_size=[{size[0]}, {size[1]}], the size of the recipe's input",
        )


#: The same within ``construct``, while it is compiled.
check_image_size = constexpr(refuse_other_size)
