"""Cross entropy of pixels against loops over them."""

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor

from mindreid.losses import PixelCrossEntropyLoss


@pytest.mark.parametrize("ignored", [0.0, 0.4])
def test_it_is_the_mean_over_labelled_pixels(ignored):
    generator = np.random.default_rng(0)
    scores = generator.standard_normal((2, 5, 4, 3)).astype(np.float32)
    labels = generator.integers(0, 5, (2, 4, 3))
    labels[generator.random(labels.shape) < ignored] = -1
    terms = []
    for image, row, column in np.argwhere(labels >= 0):
        pixel = scores[image, :, row, column].astype(float)
        terms.append(np.log(np.exp(pixel).sum()) - pixel[labels[image, row, column]])
    loss = PixelCrossEntropyLoss()(Tensor(scores), Tensor(labels, ms.int32))
    np.testing.assert_allclose(loss.asnumpy(), np.mean(terms), rtol=1e-5)


def test_without_labels_there_is_no_loss_and_no_gradient():
    labels = Tensor(np.full((1, 2, 2), -1), ms.int32)
    scores = Tensor(np.ones((1, 3, 2, 2), np.float32))
    value, gradient = ms.value_and_grad(PixelCrossEntropyLoss())(scores, labels)
    assert float(value) == 0
    assert not gradient.asnumpy().any()


def test_finer_labels_see_enlarged_scores():
    """Equal scores stay equal, so the mean over four pixels of one is that pixel's."""
    scores = np.tile(np.array([2.0, 0.0, 1.0], np.float32)[None, :, None, None], (1, 1, 2, 2))
    coarse = PixelCrossEntropyLoss()(Tensor(scores), Tensor(np.full((1, 2, 2), 2), ms.int32))
    fine = PixelCrossEntropyLoss()(Tensor(scores), Tensor(np.full((1, 4, 4), 2), ms.int32))
    np.testing.assert_allclose(fine.asnumpy(), coarse.asnumpy(), rtol=1e-6)
