"""Recipes of the methods that others are compared with hold the numbers of their papers and authors' code.

The sources are named at each table. What a recipe does otherwise on purpose stands in its method's card.
"""

from __future__ import annotations

import pytest

from tests.recipe_numbers import IMAGENET, adam, defaults_of, numbers_of, sgd

IMAGES = {"input.interpolation": "bilinear", "augment": [("flip", 0.5), ("normalize", None)]}
PERSONS_16X4 = {"sampler.name": "distinct_persons", "sampler.persons": 16, "sampler.images": 4}

# Sun et al., ECCV 2018, section 4.2; dropout, Nesterov's momentum, no mirror images and the Euclidean
# distance are those of its first author's code, syfafterzy/PCB_RPP_for_reID: PCB.py, train_PCB.sh.
SOFTMAX = {
    **IMAGENET,
    **IMAGES,
    "model.network.trunk": "resnet50",
    "model.objective.dropout": 0.5,
    "input.height": 384,
    "input.width": 128,
    "sampler.name": "shuffled",
    "sampler.images": 64,
    **sgd("trunk", 0.01, [40], nesterov=True),
    **sgd("network", 0.1, [40], nesterov=True),
    "train.epochs": 60,
    "train.steps": None,
    "evaluation.flip": False,
    "evaluation.metric": "euclidean",
    "evaluation.rerank": False,
    "device.norm_groups": 1,
}
PCB = {
    **SOFTMAX,
    "model.network.embedding": "G",
    "model.network.part_classifier": None,
    "model.objective.variant": "pcb",
    "model.objective.induction_epoch": None,
}
# Section 3.4 and ten further epochs at a rate of 0.01.
RPP = {
    **PCB,
    "model.network.part_classifier": "paper",
    "model.objective.induction_epoch": 60,
    "model.objective.release_epoch": 60 + 5,
    **sgd("part_classifier", 0.01, [], nesterov=True),
    "train.epochs": 60 + 10,
}
# train_RPP.sh, RPP.py: everything at one rate from epoch 20 on, a tenth of it at every 20th epoch.
RPP_PORT = {
    **RPP,
    "model.network.part_classifier": "pcb_rpp",
    "model.objective.map_dropout": 0.5,
    "model.objective.induction_epoch": 20,
    "model.objective.release_epoch": 20,
    "optimizers.trunk.schedule.name": "piecewise",
    "optimizers.trunk.schedule.milestones": [20, 40],
    "optimizers.trunk.schedule.factors": pytest.approx([0.01 / 0.01, 0.01 / 0.01, 0.001 / 0.01]),
    "optimizers.trunk.schedule.gamma": None,
    "optimizers.network.schedule.name": "piecewise",
    "optimizers.network.schedule.milestones": [20, 40],
    "optimizers.network.schedule.factors": pytest.approx([0.1 / 0.1, 0.01 / 0.1, 0.001 / 0.1]),
    "optimizers.network.schedule.gamma": None,
    **sgd("part_classifier", 0.01, [40], nesterov=True),
    "train.epochs": 50,
    "device.norm_groups": 2,
}


def with_variants(dataset, **more):
    """PCB's table 1: every variant is tested with both embeddings."""
    tables = {"": PCB, "_rpp": RPP}
    tables |= {f"_{name}": {**PCB, "model.objective.variant": name} for name in ("variant_1", "variant_2")}
    return {
        f"pcb/{dataset}{variant}{suffix}": {**table, "model.network.embedding": embedding, **more}
        for variant, table in tables.items()
        for suffix, embedding in (("", "G"), ("_h", "H"))
    }


# PCB's table 1, too: one softmax over the pooled vector, reduced to 256 values; "pool5" or "FC" is compared.
IDE = {
    **SOFTMAX,
    "model.network.head": "reduction",
    "model.network.features": 256,
    "model.network.embedding": "pooled",
    "model.network.last_stride": 2,
    "model.objective.verification_weight": None,
}
IDE_FC = {**IDE, "model.network.embedding": "classified"}
DETECTED, LABELED = ({"dataset.variant": boxes} for boxes in ("detected", "labeled"))
# Zheng et al., TOMM 2017: layumi/2016_person_re-ID, resnet52_2stream.m, train_id_net_res_2stream.m. Crops of
# 224 from 256; a global rate of 0.1 for 70 epochs and 0.01 for 5, times 0.001 (trunk) and 0.01 (classifiers).
TWO_LOSSES = {
    **IDE,
    "model.network.head": "none",
    "model.objective.dropout": 0.9,
    "model.objective.verification_weight": 1.0,
    "model.objective.comparison": "square",
    "model.objective.verification_dropout": 0.9,
    "model.objective.same_share": 1 / 2,
    "model.objective.same_share_factor": pytest.approx(1 / 1.01, abs=2e-4),
    "model.objective.least_same_share": 1 / 5,
    "input.height": 224,
    "input.width": 224,
    "sampler.name": "distinct_persons",
    "sampler.persons": 48 // 2,
    "sampler.images": 2,
    "augment": [("enlarge_crop", 1.0), ("flip", 0.5), ("normalize", None)],
    "augment.0.scale": pytest.approx(256 / 224, abs=1e-6),
    **sgd("trunk", pytest.approx(0.1 * 0.001), [70], nesterov=False),
    **sgd("network", pytest.approx(0.1 * 0.01), [70], nesterov=False),
    "train.epochs": 70 + 5,
    "evaluation.flip": True,
    "evaluation.metric": "cosine",
}
# layumi/Person-reID-verification, train.py: its second milestone, 60, is the end.
TWO_LOSSES_PORT = {
    **IDE_FC,
    "model.network.head": "bottleneck",
    "model.network.features": 512,
    "model.objective.verification_weight": 1.0,
    "model.objective.comparison": "product",
    "model.objective.unit_length": True,
    "model.objective.verification_dropout": 0.75,
    "input.height": 256,
    "input.width": 128,
    "input.interpolation": "bicubic",
    "sampler.name": "distinct_persons",
    # A batch is 32 images, and a partner of the same and one of another person for each.
    "sampler.persons": 3 * 32 // 2,
    "sampler.images": 2,
    "augment": [("pad_crop", None), ("flip", 0.5), ("normalize", None)],
    "augment.0.pad": 10,
    "evaluation.flip": True,
    "evaluation.metric": "cosine",
}
# VisualComputingInstitute/triplet-reid: market1501_train.sh, train.py; ten crops in tests as in the paper.
TRINET = {
    **IMAGENET,
    "model.network.trunk": "resnet50",
    "model.objective.margin": "soft",
    "input.height": 256,
    "input.width": 128,
    "input.interpolation": "bilinear",
    "sampler.name": "distinct_persons",
    "sampler.persons": 18,
    "sampler.images": 4,
    "sampler.epoch": "persons",
    "augment": [("resize_crop", None), ("flip", 0.5), ("normalize", None)],
    "augment.0.scale": 288 / 256,
    "optimizers.network.name": "adam",
    "optimizers.network.lr": 3e-4,
    "optimizers.network.weight_decay": None,
    "optimizers.network.schedule.name": "exponential",
    "optimizers.network.schedule.begin": 15000,
    "optimizers.network.schedule.end": 25000,
    "optimizers.network.schedule.last_factor": 0.001,
    "train.epochs": None,
    "train.steps": 25000,
    "evaluation.flip": True,
    "evaluation.crop_scale": 288 / 256,
    "evaluation.metric": "euclidean",
}
# Li et al., CVPR 2018, for input, batch and epochs; KaiyangZhou/deep-person-reid for the rest:
# docs/MODEL_ZOO.md, scripts/default_config.py, torchreid/data/transforms.py.
HACNN = {
    "train.init_weights": None,
    "model.network.align_corners": False,
    "model.objective.triplet_weight": None,
    "input.height": 160,
    "input.width": 64,
    "input.interpolation": "bilinear",
    "sampler.name": "shuffled",
    "sampler.images": 32,
    "augment": [("flip", 0.5), ("enlarge_crop", 0.5), ("normalize", None)],
    "augment.1.scale": 1.125,
    **adam("network", 3e-4, 5e-4, []),
    "train.epochs": 150,
    "evaluation.flip": False,
    "evaluation.metric": "euclidean",
}
# Li et al., CVPR 2017, for input, losses and the start from random weights. There is no public code: the
# weight of the constraints, batches, rates and epochs are this package's own.
MSCAN = {
    **IMAGES,
    **PERSONS_16X4,
    "train.init_weights": None,
    "model.network.image_size": [160, 64],
    "model.objective.body_weight": 1.0,
    "model.objective.parts_weight": 1.0,
    "model.objective.location_weight": 0.1,
    "input.height": 160,
    "input.width": 64,
    **sgd("network", 0.01, [60, 100]),
    "train.epochs": 120,
    "evaluation.flip": False,
}
# Su et al., ICCV 2017, for the losses. There is no public code: the rest is this package's own.
PDC = {
    **IMAGENET,
    **IMAGES,
    **PERSONS_16X4,
    "model.network.trunk": "resnet50",
    "model.network.image_size": [256, 128],
    "model.network.transform_parts": True,
    "model.network.weight_features": True,
    "model.objective.global_weight": 1.0,
    "model.objective.parts_weight": 1.0,
    "model.objective.fused_weight": 1.0,
    "input.kind": "posed_image",
    "input.height": 256,
    "input.width": 128,
    **sgd("network", 0.01, [40, 60]),
    "train.epochs": 80,
    "evaluation.metric": "cosine",
}

VALUES = {
    **with_variants("market1501"),
    **with_variants("dukemtmc"),
    **with_variants("cuhk03", **DETECTED),
    "pcb/market1501_port": {**PCB, "device.norm_groups": 2},
    "pcb/market1501_rpp_port": RPP_PORT,
    "pcb/ltcc": PCB,
    "pcb/prcc": PCB,
    "ide/market1501": IDE,
    "ide/market1501_fc": IDE_FC,
    "ide/dukemtmc": IDE,
    "ide/dukemtmc_fc": IDE_FC,
    "ide/cuhk03": {**IDE, **DETECTED},
    "ide/cuhk03_fc": {**IDE_FC, **DETECTED},
    "ide/market1501_two_losses": TWO_LOSSES,
    "ide/market1501_one_loss": {**TWO_LOSSES, "model.objective.verification_weight": 0.0},
    "ide/market1501_two_losses_port": TWO_LOSSES_PORT,
    "trinet/market1501": TRINET,
    **{f"hacnn/{dataset}": HACNN for dataset in ("market1501", "dukemtmc", "msmt17", "ltcc", "prcc")},
    "hacnn/cuhk03_labeled": {**HACNN, **LABELED},
    "hacnn/cuhk03_detected": {**HACNN, **DETECTED},
    "mscan/market1501": MSCAN,
    "pdc/market1501": PDC,
}


@pytest.mark.parametrize("name", VALUES)
def test_a_recipe_has_the_numbers_of_its_source(name):
    assert numbers_of(name, VALUES[name]) == VALUES[name]


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("hacnn", {"label_smoothing": 0.1, "triplet_weight": 0}),
        ("ide", {"verification_weight": 0, "same_share": 0.5, "same_share_factor": 1}),
    ],
)
def test_defaults_that_recipes_rely_on(method, expected):
    """Numbers of torchreid and of the two-loss network's port that a recipe leaves to the method."""
    assert defaults_of(method, expected) == expected
