"""Recipes hold the numbers of the papers and of the authors' code, copied here from their files.

The sources are named at each table; methods that others are compared with, and those of gait,
have theirs in files of their own. What a recipe does otherwise on purpose stands in its method's card.
"""

from __future__ import annotations

import pytest

from mindreid.zoo import list_models, option_names
from tests.recipe_numbers import IMAGENET, numbers_of, papers_recipes
from tests.test_baseline_recipe_values import VALUES as BASELINE_VALUES
from tests.test_gait_recipe_values import VALUES as GAIT_VALUES

ADAM = {
    "optimizers.network.name": "adam",
    "optimizers.network.lr": 3.5e-4,
    "optimizers.network.weight_decay": 5e-4,
    "optimizers.network.schedule.name": "multi_step",
    "optimizers.network.schedule.gamma": 0.1,
}

# Simple-CCReID: configs/default_img.py, configs/res50_cels_cal*.yaml, script.sh (two processes, half a batch
# each), data/img_transforms.py, main.py (what the best epoch is chosen by).
CAL = {
    **IMAGENET,
    **ADAM,
    "model.network.trunk": "resnet50",
    "model.network.pool": "max_avg",
    "model.network.initialization": "simple_ccreid",
    "input.height": 384,
    "input.width": 192,
    "input.interpolation": "bilinear",
    "sampler.name": "grouped_identities",
    "sampler.persons": 2 * 32 // 8,
    "sampler.images": 8,
    "augment": [("enlarge_crop", 0.5), ("flip", 0.5), ("normalize", None), ("random_erasing", 0.5)],
    "augment.0.scale": 1.125,
    "augment.3.fill": [0.4914, 0.4822, 0.4465],
    "optimizers.network.schedule.milestones": [20, 40],
    "optimizers.clothes.name": "adam",
    "optimizers.clothes.lr": 3.5e-4,
    "optimizers.clothes.weight_decay": 5e-4,
    "optimizers.clothes.schedule.milestones": [],
    "model.objective.start_epoch": 25,
    "model.objective.scale": 16.0,
    "model.objective.epsilon": 0.1,
    "model.objective.label_smoothing": 0.1,
    "model.objective.triplet_weight": None,
    "train.epochs": 60,
    "train.evaluate_every": 5,
    "train.best_metric": "rank1",
    "evaluation.flip": True,
    "evaluation.metric": "cosine",
    "device.norm_groups": 2,
}
CAL_16X4 = {**CAL, "sampler.persons": 2 * 32 // 4, "sampler.images": 4}
# configs/default_vid.py, configs/c2dres50_ce_cal.yaml, data/__init__.py.
CAL_VIDEO = {
    **CAL,
    "model.network.pool": "max",
    "input.height": 256,
    "input.width": 128,
    "input.interpolation": "bicubic",
    "sampler.persons": 2 * 16 // 4,
    "sampler.images": 4,
    "frames.name": "clips",
    "frames.count": 8,
    "frames.stride": 4,
    "frames.chunk": 64,
    "augment": [("flip", 0.5), ("normalize", None)],
    "augment.0.scale": None,
    "augment.3.fill": None,
    "optimizers.network.schedule.milestones": [40, 80, 120],
    "model.objective.start_epoch": 50,
    "model.objective.label_smoothing": 0.0,
    "train.epochs": 150,
    "train.evaluate_every": 10,
    "evaluation.flip": False,
}
# The paper, and CAL's code for what it leaves open.
VAL = {
    **{key: value for key, value in CAL.items() if not key.startswith("device.")},
    "optimizers.view.name": "adam",
    "optimizers.view.lr": 3.5e-4,
    "optimizers.view.weight_decay": 5e-4,
    "optimizers.view.schedule.milestones": [],
}
# FIRe-CCReID: utils/arguments.py, the commands of its README, data_process/, main.py.
FIRE = {
    **IMAGENET,
    **ADAM,
    "model.network.trunk": "resnet50",
    "model.network.pool": "max_avg",
    "input.height": 384,
    "input.width": 192,
    "input.interpolation": "bilinear",
    "sampler.name": "uniform_persons",
    "sampler.persons": 32 // 8,
    "sampler.images": 8,
    "augment": [("flip", 0.5), ("pad_crop", None), ("normalize", None), ("random_erasing", 0.5)],
    "augment.1.pad": 10,
    "augment.3.fill": "zero",
    "optimizers.network.schedule.milestones": [20, 40, 60],
    "optimizers.network.schedule.warmup_epochs": 10,
    "optimizers.network.schedule.warmup_start": 0.01,
    "model.objective.start_epoch": 25,
    "model.objective.scale": 16.0,
    "model.objective.epsilon": 0.1,
    "model.objective.eps": 0.4,
    "model.objective.k1": 20,
    "model.objective.k2": 6,
    "model.objective.far_weight": 0.3,
    "train.epochs": 80,
    "train.evaluate_every": 5,
    "evaluation.flip": True,
    "evaluation.metric": "cosine",
    "evaluation.rerank": False,
    "device.norm_groups": 1,
}
TWO_REPLICAS = {"device.norm_groups": 2}
# The paper, sections 3 and 4.2.
MGN = {
    **IMAGENET,
    "model.network.variant": "paper",
    "model.network.pool": "max",
    "input.height": 384,
    "input.width": 128,
    "sampler.persons": 16,
    "sampler.images": 4,
    "augment": [("flip", 0.5), ("normalize", None)],
    "optimizers.network.name": "sgd",
    "optimizers.network.lr": 0.01,
    "optimizers.network.momentum": 0.9,
    "optimizers.network.weight_decay": 5e-4,
    "optimizers.network.schedule.name": "multi_step",
    "optimizers.network.schedule.gamma": 0.1,
    "optimizers.network.schedule.milestones": [40, 60],
    "train.epochs": 80,
    "evaluation.flip": True,
}
# MGN-pytorch: the commands of demo.sh, option.py, data/.
MGN_PYTORCH = {
    **MGN,
    "model.network.variant": "mgn_pytorch",
    "model.network.pool": "avg",
    "model.network.initialization": "kaiming",
    "input.interpolation": "bicubic",
    "sampler.epoch": "persons",
    "augment": [("flip", 0.5), ("normalize", None), ("random_erasing", 0.5)],
    "augment.2.fill": "zero",
    "optimizers.network.name": "adam",
    "optimizers.network.lr": 2e-4,
    "optimizers.network.momentum": None,
    "optimizers.network.amsgrad": False,
    "optimizers.network.schedule.milestones": [240, 250],
    "model.objective.softmax_weight": 1.0,
    "model.objective.triplet_weight": 2.0,
    "model.objective.margin": 1.2,
    "train.epochs": 200,
    "device.norm_groups": 2,
}
AMSGRAD = {"optimizers.network.amsgrad": True, "optimizers.network.schedule.milestones": [320, 380]}
# ReID-MGN: opt.py, loss.py, data.py, utils/get_optimizer.py.
REID_MGN = {
    **MGN_PYTORCH,
    **AMSGRAD,
    "model.network.variant": "reid_mgn",
    "model.network.pool": "max",
    "sampler.persons": 4,
    "sampler.images": 4,
    "model.objective.softmax_weight": 2.0,
    "model.objective.triplet_weight": 1.0,
    "train.epochs": 500,
    "device.norm_groups": 1,
}
# OpenGait: configs/gaitbase/gaitbase_ccpg.yaml; the transforms of gaitbase_da_gait3d.yaml.
GAITBASE = {
    "model.network.initialization": "opengait",
    "model.objective.margin": None,  # the default, 0.2
    "model.objective.scale": None,  # the default, 16
    "input.height": 64,
    "input.width": 44,
    "frames.name": "unordered",
    "frames.count": 30,
    "sampler.persons": 8,
    "sampler.sequences": 16,
    "sampler.shuffle": True,
    "augment": [
        ("silhouette_perspective", 0.2),
        ("cut_sides", None),
        ("silhouette_flip", 0.2),
        ("silhouette_rotate", 0.2),
    ],
    "optimizers.network.name": "sgd",
    "optimizers.network.lr": 0.1,
    "optimizers.network.momentum": 0.9,
    "optimizers.network.weight_decay": 5e-4,
    "optimizers.network.schedule.milestones": [20000, 40000, 50000],
    "optimizers.network.schedule.gamma": 0.1,
    "train.epochs": None,
    "train.steps": 60000,
    "evaluation.metric": "euclidean",
    "evaluation.flip": False,
    "device.norm_groups": 1,
    "device.sync_bn": "auto",
}
# ISP-reID: configs/softmax_triplet.yml, the scripts for datasets, data/, solver/, where epochs begin with 1.
ISP = {
    **IMAGENET,
    **ADAM,
    "model.network.image_size": [256, 128],
    "model.network.parts": 7 - 1,
    "model.network.global_map": "reduced",
    "input.height": 256,
    "input.width": 128,
    "input.interpolation": "bilinear",
    "sampler.name": "uniform_persons",
    "sampler.persons": 64 // 4,
    "sampler.images": 4,
    "augment": [("pad_crop", None), ("normalize", None), ("flip", 0.5), ("random_erasing", 0.5)],
    "augment.0.pad": 10,
    "augment.3.fill": "own_mean",
    "optimizers.network.schedule.milestones": [40 - 1, 70 - 1],
    "optimizers.network.schedule.warmup_epochs": 10 - 1,
    "optimizers.network.schedule.warmup_start": 0.109,
    "optimizers.centers.lr": None,
    "model.objective.parsing_weight": 0.1,
    "model.objective.center_weight": 0.0,
    "model.objective.period": 2,
    "model.objective.last_mined_epoch": 101 - 1,
    "train.epochs": 120,
    "evaluation.flip": False,
    "evaluation.rerank": False,
}
# GI-ReID: the archive's README (the command of train_GaitReID.py), args.py, torchreid/{data_manager,samplers,
# transforms}.py, train_GaitReID.py. Rates of the gait networks fall after the last epoch, so never.
GI_REID = {
    **IMAGENET,
    **ADAM,
    "model.objective.margin": 0.3,
    "model.objective.gait_margin": 0.5,
    "input.height": 256,
    "input.width": 128,
    "input.interpolation": "bilinear",
    "sampler.name": "uniform_persons",
    "sampler.persons": 24 // 4,
    "sampler.images": 4,
    "augment": [("normalize", None)],
    "optimizers.network.lr": 8e-4,
    "optimizers.network.schedule.milestones": [40, 80, 120],
    "optimizers.prediction.name": "adam",
    "optimizers.prediction.lr": 1e-4,
    "optimizers.prediction.weight_decay": 1e-5,
    "optimizers.prediction.schedule.milestones": [],
    "optimizers.gait.name": "adam",
    "optimizers.gait.lr": 1e-4,
    "optimizers.gait.weight_decay": 1e-5,
    "optimizers.gait.schedule.milestones": [],
    "train.epochs": 160,
    "evaluation.flip": False,
    "evaluation.metric": "euclidean",
}
# ImgReID-IAnet: train.py, samplers.py, spatial_transforms.py; batch norms of two devices.
IANET = {
    **IMAGENET,
    **ADAM,
    "model.network.variant": "ianet",
    "model.network.trunk": "resnet50",
    "model.objective.label_smoothing": 0.1,
    "model.objective.margin": 0.3,
    "input.height": 256,
    "input.width": 128,
    "input.interpolation": "bicubic",
    "sampler.name": "grouped_identities",
    "sampler.persons": 64 // 4,
    "sampler.images": 4,
    "augment": [("flip", 0.5), ("normalize", None), ("random_erasing", 0.5)],
    "augment.2.fill": [0.4914, 0.4822, 0.4465],
    "optimizers.network.schedule.milestones": [20, 40],
    "train.epochs": 60,
    "evaluation.flip": False,
    "evaluation.metric": "cosine",
    "device.norm_groups": 2,
}

VALUES = {
    "cal/ltcc": CAL,
    "cal/prcc": CAL,
    "cal/vc_clothes": CAL,
    "cal/deepchange": CAL_16X4,
    "cal/last": {
        **CAL_16X4,
        "model.objective.triplet_weight": 1.0,
        "model.objective.triplet_margin": 0.3,
    },
    "cal/ccvid": CAL_VIDEO,
    "val/ltcc": VAL,
    "val/prcc": VAL,
    "fire/ltcc": FIRE,
    "fire/celeb": {**FIRE, "sampler.persons": 32 // 4, "sampler.images": 4},
    "fire/prcc": {**FIRE, **TWO_REPLICAS, "train.epochs": 30},
    "fire/deepchange": {
        **FIRE,
        **TWO_REPLICAS,
        "sampler.persons": 64 // 8,
        "model.objective.start_epoch": 45,
    },
    "fire/last": {
        **FIRE,
        **TWO_REPLICAS,
        "sampler.persons": 64 // 4,
        "sampler.images": 4,
        "model.objective.start_epoch": 45,
    },
    "fire/market1501": {**FIRE, "sampler.persons": 16, "sampler.images": 4},
    "fire/msmt17": {**FIRE, "sampler.persons": 16, "sampler.images": 4},
    "mgn/market1501": MGN,
    "mgn/dukemtmc": MGN,
    "mgn/cuhk03_labeled": MGN,
    "mgn/cuhk03_detected": MGN,
    "mgn/msmt17": MGN,
    "mgn/market1501_port_200": MGN_PYTORCH,
    "mgn/market1501_port": {**MGN_PYTORCH, **AMSGRAD, "train.epochs": 400},
    "mgn/market1501_reid_mgn": REID_MGN,
    "aug_ogbase/ccpg": GAITBASE,
    "aug_ogbase/ccpg_plain": {**GAITBASE, "augment": []},
    # configs/gaitbase/gaitbase_da_casiab.yaml
    "aug_ogbase/casia_b": {**GAITBASE, "augment": [("silhouette_rotate", 0.3), ("silhouette_erase", 0.3)]},
    "isp/market1501": {**ISP, "model.objective.center_weight": 5e-4, "optimizers.centers.lr": 0.5},
    "isp/dukemtmc": ISP,
    "isp/cuhk03_labeled": {**ISP, "model.network.global_map": "joined"},
    "isp/cuhk03_detected": {**ISP, "model.network.global_map": "joined", "model.network.parts": 6 - 1},
    "isp/ltcc": ISP,
    "isp/prcc": ISP,
    "gi_reid/ltcc": GI_REID,
    "gi_reid/prcc": GI_REID,
    "ianet/market1501": IANET,
    "ianet/dukemtmc": IANET,
    "ianet/cuhk03_labeled": IANET,
    "ianet/cuhk03_detected": IANET,
    "ianet/msmt17": IANET,
    "ianet/ltcc": IANET,
    "ianet/prcc": IANET,
}


@pytest.mark.parametrize("name", VALUES)
def test_a_recipe_has_the_numbers_of_its_source(name):
    assert numbers_of(name, VALUES[name]) == VALUES[name]


def test_no_recipe_of_a_papers_row_is_left_out():
    compared = {*VALUES, *BASELINE_VALUES, *GAIT_VALUES}
    assert compared == papers_recipes()
    assert {name.split("/")[0] for name in compared} >= set(list_models())


def test_defaults_that_recipes_rely_on():
    """Numbers that a source prints and a recipe leaves to the method."""
    from mindreid.models.aug_ogbase.objective import AugOGBaseObjective
    from mindreid.models.fire.objective import FIReObjective
    from mindreid.models.mgn.objective import MGNObjective

    def defaults(objective):
        return {name: option.default for name, option in option_names(objective).items()}

    gait, fire, mgn = (defaults(method) for method in (AugOGBaseObjective, FIReObjective, MGNObjective))
    # As sets, so that a failure shows the signature that was found.
    expected = {"margin": 0.2, "scale": 16, "triplet_weight": 1, "softmax_weight": 1}
    assert set(gait.items()) >= set(expected.items())
    expected = {"margin": 0.3, "label_smoothing": 0.1, "parts": 2, "min_samples": 1}
    expected |= {"identity_weight": 1, "triplet_weight": 1, "ffm_weight": 1}
    assert set(fire.items()) >= set(expected.items())
    assert mgn["margin"] == 1.2
