"""Mark the parameters of a test that only the long run needs."""

import pytest


def quick_only(values, *quick):
    """Mark as slow every one of ``values`` that is not among the ``quick`` ones."""
    return [value if value in quick else pytest.param(value, marks=pytest.mark.slow) for value in values]
