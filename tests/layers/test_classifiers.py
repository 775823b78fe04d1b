"""Classifiers against written-out arithmetic."""

import numpy as np
import pytest
from mindspore import Tensor

from mindreid.errors import InvalidArgumentError
from mindreid.layers.classifiers import CosineClassifier, linear_classifier


@pytest.mark.parametrize("bias", [True, False])
def test_classifier_bias(bias):
    classifier = linear_classifier(8, 3, bias)
    assert len(classifier.trainable_params()) == 1 + bias
    assert 0 < classifier.weight.asnumpy().std() < 0.005


def test_cosines():
    x = np.random.default_rng(0).standard_normal((5, 64)).astype(np.float32)
    x[3] = 0
    classifier = CosineClassifier(64, 40)
    weight = classifier.weight.asnumpy()
    assert np.linalg.norm(weight, axis=1) == pytest.approx(np.ones(40), abs=0.5)
    expected = np.array(
        [[a @ w / max(np.linalg.norm(a) * np.linalg.norm(w), 1e-12) for w in weight] for a in x]
    )
    np.testing.assert_allclose(classifier(Tensor(x)).asnumpy(), expected, atol=1e-6)


@pytest.mark.parametrize(
    "build", [lambda: linear_classifier(8, 1, bias=True), lambda: CosineClassifier(8, 0)]
)
def test_too_few_classes(build):
    with pytest.raises(InvalidArgumentError, match="two classes"):
        build()
