"""Networks of one image size: what is refused, before and while a graph is compiled."""

import mindspore as ms
import pytest
from mindspore import ops

from mindreid.errors import InvalidArgumentError
from mindreid.layers.sized_network import SizedNetwork, check_image_size


class Plain(SizedNetwork):
    def construct(self, images):
        check_image_size(images.shape[2:], self.image_size)
        return images.sum((1, 2, 3))


def test_its_own_size_is_taken():
    network = Plain([32, 16], multiple=16)
    network.check_input(32, 16)
    images = ops.ones((2, 3, 32, 16))
    assert network(images).shape == ms.jit(network.construct)(images).shape == (2,)


def test_another_size_is_refused_with_what_to_set():
    network = Plain((32, 16), multiple=16)
    with pytest.raises(InvalidArgumentError, match=r"32×16, not 16×32.*image_size=\[16, 32\]"):
        network.check_input(16, 32)
    with pytest.raises(InvalidArgumentError, match="32×16, not 16×32"):
        network(ops.ones((2, 3, 16, 32)))


@pytest.mark.parametrize("size", [(40, 16), (16, 8)])
def test_a_size_that_does_not_divide_is_refused(size):
    with pytest.raises(InvalidArgumentError, match="multiples of 16"):
        Plain(size, multiple=16)


@pytest.mark.parametrize("size", [(0, 16), (-16, 16), [16], (16, 16, 3), (16.0, 16), 16, "16"])
def test_what_is_no_height_and_width_is_refused(size):
    with pytest.raises(InvalidArgumentError, match=r"image_size=.* is no height and width"):
        Plain(size, multiple=16)
