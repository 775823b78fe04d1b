"""Which recipes stand for a row of a paper, and the numbers in one, to compare with those of its source."""

from __future__ import annotations

from mindreid.config import list_recipes, load_recipe
from mindreid.zoo import MODELS, option_names

#: What recipes have whose networks start from ImageNet's weights.
IMAGENET = {"train.init_weights": "required"}
#: Recipes that no paper's row stands for: generated or tiny data, a CPU.
SMALL = (
    "smoke", "walkers", "gait_walkers", "outfits", "pets09", "pets09_scratch", "cuhk01", "cuhk01_long", "kth",
    "pku_reid",
)  # fmt: skip


def sgd(phase, rate, milestones, **more):
    """Momentum of 0.9, weight decay of 5e-4, a tenth of the rate from each milestone on."""
    return {
        f"optimizers.{phase}.name": "sgd",
        f"optimizers.{phase}.lr": rate,
        f"optimizers.{phase}.momentum": 0.9,
        f"optimizers.{phase}.weight_decay": 5e-4,
        f"optimizers.{phase}.schedule.name": "multi_step",
        f"optimizers.{phase}.schedule.milestones": milestones,
        f"optimizers.{phase}.schedule.gamma": 0.1 if milestones else None,
        **{f"optimizers.{phase}.{name}": value for name, value in more.items()},
    }


def adam(phase, rate, decay, milestones):
    """A weight decay of its own, a tenth of the rate from each milestone on."""
    return {
        f"optimizers.{phase}.name": "adam",
        f"optimizers.{phase}.lr": rate,
        f"optimizers.{phase}.weight_decay": decay,
        f"optimizers.{phase}.schedule.name": "multi_step",
        f"optimizers.{phase}.schedule.milestones": milestones,
        f"optimizers.{phase}.schedule.gamma": 0.1 if milestones else None,
    }


def papers_recipes():
    """Names of all recipes but the small ones."""
    return {name for name in list_recipes() if name.split("/")[1] not in SMALL}


def numbers_of(name, keys):
    """Values of a recipe at dotted keys, None where there is none; transforms with their probabilities."""
    content = load_recipe(name).as_dict()
    return {key: _look_up(content, key) for key in keys}


def defaults_of(method, options):
    """Defaults of some of the options of a method's objective."""
    known = option_names(MODELS[method].objective)
    return {name: known[name].default for name in options}


def _look_up(content, key):
    for part in key.split("."):
        if isinstance(content, list):
            content = content[int(part)] if int(part) < len(content) else None
        else:
            content = (content or {}).get(part)
    if key == "augment":
        return [(step["name"], step.get("probability")) for step in content]
    return content
