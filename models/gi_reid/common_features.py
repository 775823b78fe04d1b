"""What GI-ReID's image stream and gait stream have in common."""

from __future__ import annotations

from mindspore import Tensor, nn


class CommonFeatures(nn.Cell):
    """What image and gait have in common, and either of them made of it again (section 3.3 of the paper).

    Parameters
    ----------
    features : int
        Length of all vectors.
    """

    def __init__(self, features: int) -> None:
        super().__init__()
        self.align_image, self.align_gait = (_aligned(features) for _ in range(2))
        self.extractor, self.image_decoder, self.gait_decoder = (_two_layers(features) for _ in range(3))

    def construct(self, image: Tensor, gait: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Map the two vectors ``[B, features]`` to the common ones, and to the vectors made of these."""
        common_image = self.extractor(self.align_image(image))
        common_gait = self.extractor(self.align_gait(gait))
        return common_image, common_gait, self.image_decoder(common_image), self.gait_decoder(common_gait)


def _aligned(features: int) -> nn.SequentialCell:
    return nn.SequentialCell(nn.Dense(features, features), nn.ReLU())


def _two_layers(features: int) -> nn.SequentialCell:
    return nn.SequentialCell(nn.Dense(features, features), nn.ReLU(), nn.Dense(features, features))
