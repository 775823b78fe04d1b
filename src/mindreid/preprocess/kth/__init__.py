"""From KTH's videos of walking to gait sequences and crops of the same passes."""

from mindreid.lazy_names import lazy_names

__all__, __getattr__ = lazy_names(__name__, pass_trees=["kth_to_trees"])
