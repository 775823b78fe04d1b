"""What a user decides about a MOT sequence, within its bounds."""

from __future__ import annotations

import pytest

from mindreid.errors import InvalidArgumentError
from mindreid.preprocess.mot.rules import CropRules, Cutting, Reading, SilhouetteRules, identities

NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("rules", "name", "values"),
    [
        (Cutting, "seed", [-1]),
        (Cutting, "train_share", [0.0, 1.0, -0.5, NAN, INF]),
        (Cutting, "segments", [1, 0, -2]),
        (Cutting, "gap", [-1]),
        (CropRules, "queries", [0, -1]),
        (CropRules, "every", [0, -3]),
        (CropRules, "min_visibility", [-0.1, 1.1, NAN]),
        (CropRules, "min_height", [-1.0, NAN, INF]),
        (CropRules, "min_confidence", [NAN, INF]),
        (CropRules, "min_inside", [-0.1, 1.1, NAN]),
        (SilhouetteRules, "length", [0, -1]),
        (SilhouetteRules, "max_overlap", [-0.1, 1.1, NAN]),
        (SilhouetteRules, "min_height", [-1.0, NAN, INF]),
        (SilhouetteRules, "min_confidence", [NAN, -INF]),
        (SilhouetteRules, "fill", [(0.5, 0.2), (-0.1, 0.5), (0.1, 1.5), (NAN, 0.5)]),
        (Reading, "first_frame", [-1]),
        (Reading, "person_class", ["", "  "]),
    ],
)
def test_numbers_out_of_range_are_refused_by_name(rules, name, values):
    for value in values:
        with pytest.raises(InvalidArgumentError, match=rf"^(a track .*segments|{name})"):
            rules(**{name: value})


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ([[1]], r"at least two identities, not \[1\]"),
        ([[]], r"at least two identities"),
        ([[1, 1]], "identity 1 twice"),
        ([[1, 2], [3, 2]], "identity 2 twice"),
    ],
)
def test_groups_of_one_or_that_share_somebody_are_refused(groups, message):
    with pytest.raises(InvalidArgumentError, match=message):
        Cutting(same_person=groups)


def test_identities_are_read_from_text():
    assert identities("1, 19,3") == (1, 19, 3)
    with pytest.raises(ValueError, match="x"):
        identities("1,x")
