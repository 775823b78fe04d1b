"""Layers that treat every part on its own, against a loop over the parts."""

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor

from mindreid.errors import InvalidArgumentError
from mindreid.layers.parts import PartCosineClassifier, PartLinear


@pytest.fixture
def vectors():
    return np.random.default_rng(0).standard_normal((4, 6, 3)).astype(np.float32)


@pytest.mark.parametrize("compiled", [False, True])
def test_each_part_has_its_matrix(vectors, compiled):
    layer = PartLinear(3, 6, 5)
    run = ms.jit(layer.construct) if compiled else layer
    mapped, weight = run(Tensor(vectors)).asnumpy(), layer.weight.asnumpy()
    for part in range(3):
        np.testing.assert_allclose(
            mapped[:, :, part], vectors[:, :, part] @ weight[part], rtol=1e-5, atol=1e-6
        )


def test_cosines_to_each_parts_classes(vectors):
    classifier = PartCosineClassifier(3, 6, 7)
    cosines, weight = classifier(Tensor(vectors)).asnumpy(), classifier.weight.asnumpy()
    assert cosines.shape == (4, 7, 3)
    for sample, label, part in np.ndindex(4, 7, 3):
        a, b = vectors[sample, :, part], weight[part, :, label]
        expected = a @ b / np.linalg.norm(a) / np.linalg.norm(b)
        assert cosines[sample, label, part] == pytest.approx(expected, abs=1e-5)


def test_a_part_of_zeros_has_no_cosine_and_no_nan(vectors):
    classifier = PartCosineClassifier(3, 6, 7)
    vectors[0, :, 1] = 0
    gradient = ms.grad(lambda x: (classifier(x) ** 2).sum())(Tensor(vectors)).asnumpy()
    assert np.isfinite(gradient).all()
    np.testing.assert_array_equal(classifier(Tensor(vectors)).asnumpy()[0, :, 1], 0)


def test_too_few_classes():
    with pytest.raises(InvalidArgumentError, match="two classes"):
        PartCosineClassifier(3, 6, 1)
