"""The looks of persons: clusters of their images, found as the recipe's method finds them."""

from __future__ import annotations

from collections.abc import Sequence

from mindreid import zoo
from mindreid.config import Recipe
from mindreid.data.records import Record
from mindreid.engine.evaluation.evaluation_run import EvaluationRun
from mindreid.metrics import PersonClusters, cluster_persons

#: Options of :func:`mindreid.metrics.cluster_persons` that a method's objective may have, too.
CLUSTERING = ("k1", "k2", "eps", "min_samples")


def cluster_records(run: EvaluationRun, records: Sequence[Record]) -> PersonClusters:
    """Cluster each person's images by their embeddings, without mirrored images.

    A method that mines clusters says how in its recipe; the others' embeddings are clustered by default.
    """
    objective = run.recipe.model.objective
    options = {name: objective[name] for name in CLUSTERING if name in objective}
    pids = [record.pid for record in records]
    return cluster_persons(run.extract(records, flip=False), pids, **options)


def mines_looks(recipe: Recipe) -> bool:
    """Tell whether the recipe's method clusters persons' images: its objective has the options for it."""
    return set(CLUSTERING) <= set(zoo.option_names(zoo.MODELS[recipe.model.name].objective))
