"""The pose transformation network: every part of the part image is scaled and shifted as it learns to."""

from __future__ import annotations

import mindspore as ms
from mindspore import Tensor, nn, ops

from mindreid.data.part_image import PART_PLACES, PartPlace
from mindreid.layers.spatial_transformer import RegionSampler, localization

#: Rows and columns by eighth of the part image in which its parts are looked at to find their transforms.
_GLANCE = (4, 2)
_HIDDEN = 32
_IDENTITY = (1.0, 1.0, 0.0, 0.0)


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
        self.unit = (height // 8, width // 8)
        places = PART_PLACES.values()
        self.glance = RegionSampler(8 * _GLANCE[0], 8 * _GLANCE[1])
        seen = [3 * place.height * _GLANCE[0] * place.width * _GLANCE[1] for place in places]
        self.localizations = nn.CellList([localization(length, _HIDDEN, _IDENTITY) for length in seen])
        self.samplers = nn.CellList(
            [RegionSampler(place.height * self.unit[0], place.width * self.unit[1]) for place in places]
        )

    def construct(self, part_images: Tensor) -> Tensor:
        """Map ``[B, 3, H, W]`` to the same shape."""
        head, right_arm, torso, left_arm, right_leg, left_leg = self._moved(part_images)
        row, column = self.unit
        beside = part_images[:, :, : 2 * row]
        top = ops.concat((beside[..., : 2 * column], head, beside[..., 6 * column :]), 3)
        middle = ops.concat((right_arm, torso, left_arm), 3)
        return ops.concat((top, middle, ops.concat((right_leg, left_leg), 3)), 2)

    def transforms(self, part_images: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Return scale and shift of every part, float32 ``[B, 2]`` each, in the order of the places."""
        # Zeros that come from the images: constants would fix an exported graph's batch size.
        nothing = ops.minimum(ops.square(part_images[:, :2, 0, 0]), 0)
        seen, found = self.glance(part_images, nothing + 1, nothing), []
        for place, localize in zip(PART_PLACES.values(), self.localizations):
            transform = ops.cast(localize(ops.flatten(_cut(seen, place, _GLANCE))), ms.float32)
            found.append((transform[:, :2], transform[:, 2:]))
        return found

    def _moved(self, part_images: Tensor) -> list[Tensor]:
        moved, transforms = [], self.transforms(part_images)
        for number, place in enumerate(PART_PLACES.values()):
            scale, shift = transforms[number]
            moved.append(self.samplers[number](_cut(part_images, place, self.unit), scale, shift))
        return moved


def _cut(part_images: Tensor, place: PartPlace, unit: tuple[int, int]) -> Tensor:
    """Cut a place out of part images of eight times ``unit`` rows and columns."""
    top, left = place.top * unit[0], place.left * unit[1]
    bottom, right = top + place.height * unit[0], left + place.width * unit[1]
    return part_images[:, :, top:bottom, left:right]
