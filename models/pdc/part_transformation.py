"""The pose transformation network: every part of the part image is scaled and shifted as it learns to."""

from __future__ import annotations

import mindspore as ms
import numpy as np
from mindspore import Tensor, nn, ops

from mindreid.data.part_image import PART_PLACES, PartPlace
from mindreid.layers.spatial_transformer import RegionSampler

#: What a part is looked at in, to find its transform.
_GLANCE = (16, 16)
_HIDDEN = 32


class PartTransformation(nn.Cell):
    """Part images whose parts are moved within their places by spatial transformers.

    The keypoints have turned the parts upright already; what is left to learn are scale and shift,
    which start as the identity.

    Parameters
    ----------
    height, width : int
        Size of the part image, multiples of 8.
    """

    def __init__(self, height: int, width: int) -> None:
        super().__init__()
        self.row, self.column = height // 8, width // 8
        places = list(PART_PLACES.values())
        self.glance = RegionSampler(*_GLANCE)
        self.localizations = nn.CellList([_localization() for _ in places])
        self.samplers = nn.CellList(
            [RegionSampler(place.height * self.row, place.width * self.column) for place in places]
        )

    def construct(self, part_images: Tensor) -> Tensor:
        """Map ``[B, 3, H, W]`` to the same shape."""
        head, right_arm, torso, left_arm, right_leg, left_leg = self._moved(part_images)
        beside = part_images[:, :, : 2 * self.row]
        top = ops.concat((beside[..., : 2 * self.column], head, beside[..., 6 * self.column :]), 3)
        middle = ops.concat((right_arm, torso, left_arm), 3)
        return ops.concat((top, middle, ops.concat((right_leg, left_leg), 3)), 2)

    def transforms(self, part_images: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Return scale and shift of every part, float32 ``[B, 2]`` each, in the order of the places."""
        found = []
        for place, localization in zip(PART_PLACES.values(), self.localizations):
            part = self._cut(part_images, place)
            # The identity, whose batch size is the part's and may be free in an export.
            nothing = ops.zeros_like(part[:, :2, 0, 0])
            seen = ops.flatten(self.glance(part, nothing + 1, nothing))
            transform = ops.cast(localization(seen), ms.float32)
            found.append((transform[:, :2], transform[:, 2:]))
        return found

    def _moved(self, part_images: Tensor) -> list[Tensor]:
        moved, transforms = [], self.transforms(part_images)
        for number, place in enumerate(PART_PLACES.values()):
            scale, shift = transforms[number]
            moved.append(self.samplers[number](self._cut(part_images, place), scale, shift))
        return moved

    def _cut(self, part_images: Tensor, place: PartPlace) -> Tensor:
        top, left = place.top * self.row, place.left * self.column
        bottom, right = top + place.height * self.row, left + place.width * self.column
        return part_images[:, :, top:bottom, left:right]


def _localization() -> nn.SequentialCell:
    return nn.SequentialCell(
        nn.Dense(3 * _GLANCE[0] * _GLANCE[1], _HIDDEN, activation="relu"),
        nn.Dense(_HIDDEN, 4, weight_init="zeros", bias_init=Tensor(np.float32([1, 1, 0, 0]))),
    )
