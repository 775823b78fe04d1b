"""Where a curve is level."""

import numpy as np
import pytest
from real_people_curve import level_from, summarize

from mindreid.report.evaluation_history import EvaluationHistory

EPOCHS = np.array([5, 10, 15, 20])


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.1, 0.2, 0.3, 0.4], 20),
        ([0.1, 0.395, 0.405, 0.4], 10),
        ([0.4, 0.2, 0.4, 0.4], 15),
        ([0.4, 0.4, 0.4, 0.4], 5),
    ],
)
def test_a_curve_is_level_once_it_stays_within_a_point_of_its_end(values, expected):
    assert level_from(EPOCHS, np.array(values)) == expected


def test_the_last_epoch_is_reported_and_the_best_one_only_shown():
    curve = {"multi_shot": np.array([0.1, 0.5, 0.4, 0.4])}
    found = summarize(EvaluationHistory(EPOCHS, {"rank1": curve, "mAP": curve}))
    assert found["last"] == {"rank1": 0.4, "mAP": 0.4}
    assert found["best"] == {"epoch": 10, "rank1": 0.5}
