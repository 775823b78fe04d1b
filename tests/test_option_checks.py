"""What is refused of a single option."""

import numpy as np
import pytest

from mindreid.errors import InvalidArgumentError
from mindreid.option_checks import check_choice, check_positive_integers, two_sides


def test_a_choice_is_one_of_those_named():
    check_choice("mode", "slow", ("fast", "slow"))
    with pytest.raises(InvalidArgumentError, match="mode='quick' is not one of 'fast', 'slow'"):
        check_choice("mode", "quick", ("fast", "slow"))


@pytest.mark.parametrize("value", [0, -1, 1.0, True, "1", None])
def test_a_positive_integer_is_nothing_else(value):
    check_positive_integers("a number", 1, np.int64(3))
    with pytest.raises(InvalidArgumentError, match=f"a number is a positive integer, not {value!r}: count"):
        check_positive_integers("a number", 1, value, where="count")


@pytest.mark.parametrize("size", [[256], [256, 128, 3], [256, 0], [-1, 1], [1.5, 2], 256, "ab", None])
def test_a_size_is_a_height_and_a_width(size):
    assert two_sides("image_size", [256, 128]) == two_sides("image_size", (256, np.int64(128))) == (256, 128)
    with pytest.raises(InvalidArgumentError, match=r"image_size=.* is no height and width"):
        two_sides("image_size", size)
