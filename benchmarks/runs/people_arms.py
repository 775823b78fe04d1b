"""Networks that are compared on real persons: what each is trained with, and what it begins with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from learning import make_walkers, quick_experiment

from mindreid.config import Override, list_recipes, load_recipe
from mindreid.errors import ConfigError
from runs.experiments import Arm, Experiment

UNTRAINED, GIVEN_START = "untrained", "given start"
#: What every arm can begin with.
RANDOM_START, FROM_WALKERS = "random start", "from walkers"
MGN, GLOBAL_BRANCH, IDENTITY = "mgn", "mgn_global", "ide"
#: Arms that are trained by default: methods, and MGN's global branch alone.
MODELS = (MGN, GLOBAL_BRANCH, "pcb", "trinet", IDENTITY)
_WALKERS, _WALKERS_LAYOUT, _PERSONS = "walkers", "market1501", 240


@dataclass(frozen=True)
class PeopleArm:
    """A method, and what is changed of its recipe.

    Attributes
    ----------
    method : str
        It has a recipe of the dataset, and one of walkers.
    overrides : tuple of str or tuple
        Of both.
    starts : tuple of str
        What it can begin with.
    rates : tuple of float
        Parts of the recipe's learning rates, from the greatest on: from walkers it goes on with the first
        one at which it learns anything of the persons of a split, see ``runs/learnable_rates.py``.
    """

    method: str
    overrides: tuple[Override, ...] = ()
    starts: tuple[str, ...] = (RANDOM_START, FROM_WALKERS)
    rates: tuple[float, ...] = (1.0,)

    def recipe(self, dataset: str) -> str:
        """Return the name of its recipe of a dataset."""
        return f"{self.method}/{dataset}"


#: Arms that differ from their recipes. In trials whose figures were not kept, the features of MGN's global
#: branch alone became one point, or zeros, when it began from random weights, and so they did from walkers
#: at its recipe's rate, among 485 persons. The first rates are what ``people_rates.py`` has chosen.
_ARMS: Mapping[str, PeopleArm] = {
    GLOBAL_BRANCH: PeopleArm(MGN, (("model.network.branches", [1]),), (FROM_WALKERS,), (1.0, 0.3, 0.1)),
}


def arm_of(model: str) -> PeopleArm:
    """Return an arm by its name; what is in no list is a method as its recipe has it."""
    return _ARMS.get(model, PeopleArm(model))


def usual_models(dataset: str) -> list[str]:
    """Return the arms of :data:`MODELS` that have a recipe of the dataset."""
    known = list_recipes()
    return [model for model in MODELS if arm_of(model).recipe(dataset) in known]


def scaled_rates(recipe: str, factor: float, overrides: Sequence[Override] = ()) -> list[Override]:
    """Return the overrides that multiply all learning rates of a recipe."""
    optimizers = load_recipe(recipe, overrides).optimizers
    rates = {name: float(own.options["lr"]) * factor for name, own in optimizers.items()}
    return [(f"optimizers.{name}.lr", float(f"{rate:.6g}")) for name, rate in rates.items()]


def walkers_before(
    model: str, dataset: str, sets: Sequence[Override] = (), *, is_quick: bool = False
) -> Experiment:
    """Return the experiment, of one arm alone, in which an arm's network learns from walkers.

    Raises
    ------
    ConfigError
        If its method has no recipe of these walkers.
    """
    arm = arm_of(model)
    recipe = arm.recipe(_WALKERS)
    if recipe not in list_recipes() or load_recipe(recipe).dataset.name != _WALKERS_LAYOUT:
        raise ConfigError(
            f"{model} has no recipe of walkers who keep their clothes",
            where="--from walkers",
            fix="leave walkers or this method out",
        )
    network = load_recipe(arm.recipe(dataset), [*sets, *arm.overrides]).model.network
    same = tuple((f"model.network.{key}", value) for key, value in network.items())
    experiment = Experiment(
        "start",
        "generated walkers",
        f"walkers_{_PERSONS}",
        partial(make_walkers, ids=_PERSONS),
        (Arm(model, recipe, same),),
    )
    return quick_experiment(replace(experiment, data="walkers")) if is_quick else experiment
