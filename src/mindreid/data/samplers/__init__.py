"""Which records make up a training batch: one file a sampler, registered by its name."""

from mindreid.data.samplers.distinct_persons import DistinctPersonsSampler
from mindreid.data.samplers.grouped_identities import GroupedIdentitiesSampler
from mindreid.data.samplers.independent_batches import IndependentBatchesSampler
from mindreid.data.samplers.ranked_sampler import BatchSampler
from mindreid.data.samplers.shuffled import ShuffledSampler
from mindreid.data.samplers.uniform_persons import UniformPersonsSampler

__all__ = [
    "BatchSampler",
    "DistinctPersonsSampler",
    "GroupedIdentitiesSampler",
    "IndependentBatchesSampler",
    "ShuffledSampler",
    "UniformPersonsSampler",
]
