"""The measure in which recorded arrays and their own sensitivity are stated."""

import numpy as np
from mindspore import Tensor


def distance(actual, expected):
    """Norm of the difference over the norm of what is expected."""
    actual = actual.asnumpy() if isinstance(actual, Tensor) else np.asarray(actual)
    return np.linalg.norm(actual - expected) / np.linalg.norm(expected)
