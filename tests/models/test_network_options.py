"""Options that a network can't have: each is one clear error, before anything is built of it."""

import pytest

import mindreid
from mindreid.errors import InvalidArgumentError

SMALL = {"trunk": "resnet18", "width": 0.125}
WITH_INITIALIZATION = {
    "aug_ogbase": {"width": 0.125},
    "cal": SMALL,
    "deepgaitv2": {"width": 0.125, "blocks": (1, 1, 1, 1)},
    "gaitgl": {"width": 0.25},
    "gaitpart": {"width": 0.25},
    "gaitset": {"width": 0.25},
    "mgn": SMALL,
    "val": SMALL,
}


@pytest.mark.parametrize("method", WITH_INITIALIZATION)
def test_there_is_no_other_initialization(method):
    with pytest.raises(InvalidArgumentError, match="initialization='Opengait!' is not one of"):
        mindreid.create_model(method, **WITH_INITIALIZATION[method], initialization="Opengait!")


@pytest.mark.parametrize(
    ("method", "options"),
    [
        ("aug_ogbase", {"width": 0.125, "features": 0}),
        ("gaitpart", {"width": 0.25, "features": -1}),
        ("gaitset", {"width": 0.25, "features": 0}),
        ("gi_reid", {**SMALL, "features": 0}),
        ("hacnn", {"width": 0.125, "features": 0}),
        ("ide", {**SMALL, "features": 0}),
        ("trinet", {**SMALL, "embedding_features": 0}),
        ("trinet", {**SMALL, "hidden_features": 0}),
    ],
)
def test_a_vector_has_features(method, options):
    with pytest.raises(InvalidArgumentError, match="features is a positive integer, not"):
        mindreid.create_model(method, **options)


@pytest.mark.parametrize(("method", "stride"), [("fire", 0), ("fire", 3), ("ianet", 5), ("ide", 4)])
def test_the_last_stride_is_one_or_two(method, stride):
    with pytest.raises(InvalidArgumentError, match=f"last_stride={stride} is not one of 1, 2"):
        mindreid.create_model(method, **SMALL, last_stride=stride)


@pytest.mark.parametrize(
    ("method", "size"), [("isp", [256]), ("mscan", [160]), ("pdc", [256, 128, 3]), ("isp", [0, 0])]
)
def test_a_size_has_two_sides(method, size):
    with pytest.raises(InvalidArgumentError, match="is no height and width"):
        mindreid.create_model(method, image_size=size)


def test_mscan_is_at_most_four_times_as_wide():
    with pytest.raises(InvalidArgumentError, match="width factor"):
        mindreid.create_model("mscan", width=100)
