"""How many generated persons are for training and how many for testing."""

from __future__ import annotations

from mindreid.errors import InvalidArgumentError


def check_population(ids: int, test_share: float) -> None:
    """Refuse numbers that leave nobody to train on or nobody to test on.

    Parameters
    ----------
    ids : int
        Persons, training and test together.
    test_share : float
        Share of persons for testing.

    Raises
    ------
    InvalidArgumentError
        If ``ids`` is less than 2 or ``test_share`` is not between 0 and 1.
    """
    if ids < 2:
        raise InvalidArgumentError(
            f"one person is trained on and another tested on: ids is at least 2, not {ids}"
        )
    if not 0 < test_share < 1:
        raise InvalidArgumentError(f"test_share is a share between 0 and 1, not {test_share}")


def count_for_training(ids: int, test_share: float) -> int:
    """Return the number of persons for training, with at least one on either side.

    Examples
    --------
    >>> count_for_training(ids=10, test_share=0.3)
    7
    >>> count_for_training(ids=2, test_share=0.9)
    1
    """
    return ids - min(max(round(test_share * ids), 1), ids - 1)
