"""Recipes of gait methods other than AUG-OGBase hold the numbers of their authors' code.

The sources are named at each table. What a recipe does otherwise on purpose stands in its method's card.
"""

from __future__ import annotations

import pytest

from tests.recipe_numbers import adam, defaults_of, numbers_of, sgd

# OpenGait: configs/default.yaml and the file of the method for CASIA-B.
OPENGAIT = {
    "train.init_weights": None,
    "model.network.initialization": "opengait",
    "input.kind": "silhouettes",
    "input.height": 64,
    "input.width": 44,
    "frames.count": 30,
    "sampler.name": "independent_batches",
    "sampler.persons": 8,
    "sampler.sequences": 16,
    "sampler.shuffle": None,
    "augment": [],
    "train.epochs": None,
    "evaluation.flip": False,
    "evaluation.metric": "euclidean",
    "device.norm_groups": 1,
    "device.sync_bn": "auto",
}
GAITSET = {
    **OPENGAIT,
    "frames.name": "unordered",
    **sgd("network", 0.1, [10000, 20000, 30000]),
    "train.steps": 40000,
}
GAITPART = {
    **OPENGAIT,
    "frames.name": "ordered",
    "frames.skip": 10,
    **adam("network", 1e-4, 0.0, [100000]),
    "train.steps": 120000,
}
GAITGL = {
    **OPENGAIT,
    "frames.name": "ordered",
    "frames.skip": None,
    "sampler.sequences": 8,
    "sampler.shuffle": True,
    **adam("network", 1e-4, 5e-4, [70000]),
    "train.steps": 80000,
}
# DeepGaitV2_casiab.yaml and DeepGaitV2_ccpg.yaml, which differ in the number of persons alone.
DEEPGAITV2 = {
    **OPENGAIT,
    "model.network.mode": "p3d",
    "model.network.blocks": [1, 1, 1, 1],
    "frames.name": "ordered",
    "frames.skip": 4,
    "sampler.shuffle": True,
    "augment": [
        ("silhouette_perspective", 0.2),
        ("cut_sides", None),
        ("silhouette_flip", 0.2),
        ("silhouette_rotate", 0.2),
    ],
    "augment.3.degrees": 10.0,
    **sgd("network", 0.1, [20000, 40000, 50000]),
    "train.steps": 60000,
}
# GI-ReID, Jin et al., CVPR 2022: the archive's README (the command of train_Gait_Stream.py), args.py, and
# train_Gait_Stream.py; a batch is 32 cycles of 8 frames, 4 of a person.
GAIT_PREDICTION = {
    "train.init_weights": None,
    "model.objective.margin": 0.5,
    "model.objective.difference": "absolute",
    "model.objective.triplet_start": 2000,
    "input.kind": "silhouettes",
    "input.height": 64,
    "input.width": 44,
    "frames.name": "ordered",
    "frames.count": 8,
    "frames.skip": 0,
    "sampler.name": "independent_batches",
    "sampler.persons": 32 // 4,
    "sampler.sequences": 4,
    "augment": [],
    **adam("prediction", 5e-4, 1e-5, [1000, 4000, 8000]),
    **adam("gait", 5e-4, 1e-5, [4000, 8000]),
    "train.epochs": 10000,
    "train.steps": None,
    "train.evaluate_every": 1000,
    "evaluation.metric": "euclidean",
}

TABLES = {
    "gaitset": GAITSET,
    "gaitpart": GAITPART,
    "gaitgl": GAITGL,
    "deepgaitv2": DEEPGAITV2,
    "gait_prediction": GAIT_PREDICTION,
}
VALUES = {f"{method}/{dataset}": table for method, table in TABLES.items() for dataset in ("casia_b", "ccpg")}


@pytest.mark.parametrize("name", VALUES)
def test_a_recipe_has_the_numbers_of_its_source(name):
    assert numbers_of(name, VALUES[name]) == VALUES[name]


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("gaitset", {"margin": 0.2}),
        ("gaitpart", {"margin": 0.2}),
        ("gaitgl", {"margin": 0.2, "scale": 1, "epsilon": 0, "triplet_weight": 1, "softmax_weight": 1}),
        (
            "deepgaitv2",
            {"margin": 0.2, "scale": 16, "epsilon": 0.1, "triplet_weight": 1, "softmax_weight": 1},
        ),
    ],
)
def test_defaults_that_recipes_rely_on(method, expected):
    """Numbers of OpenGait that a recipe leaves to the method."""
    assert defaults_of(method, expected) == expected
