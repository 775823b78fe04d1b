"""Feature maps that networks offer, beside what they were shown."""

import numpy as np
import pytest
from mindspore import Tensor, nn

from mindreid.config import load_recipe
from mindreid.data.formats.images import read_image
from mindreid.data.records import Record
from mindreid.engine.evaluation.activations import activations_of, offers_maps


class _TwoMaps(nn.Cell):
    """Offers a map of the image's red, and one of the same everywhere."""

    def construct(self, images):
        return images

    def maps(self, images):
        assert not self.training
        red = images[:, :1]
        return {"red": red - red.min(), "flat": Tensor(np.ones((1, 3, 4, 4), np.float32))}


@pytest.fixture
def recipe():
    size = {"height": 48, "width": 16, "interpolation": "bilinear"}
    return load_recipe("mgn/market1501", [("input", size)])


def test_an_image_comes_back_as_it_went_in_with_each_map_stretched(market, recipe):
    path = min((market / "query").iterdir())
    network = _TwoMaps().set_train(True)
    shown = activations_of(recipe, network, Record((str(path),), 1, 0))
    image = read_image(str(path))
    assert np.abs(shown.image.astype(int) - image).max() <= 1
    assert image.shape == shown.image.shape == (48, 16, 3)
    red = image[..., 0].astype(np.float32)
    np.testing.assert_allclose(shown.maps["red"], (red - red.min()) / np.ptp(red), atol=1e-3)
    assert (shown.maps["flat"] == 0).all()
    assert network.training


def test_a_network_without_the_method_offers_none():
    assert offers_maps(_TwoMaps())
    assert not offers_maps(nn.ReLU())
