"""From a video with annotated tracks to a dataset: crops of persons, or their silhouettes.

Annotations are in the MOTChallenge format; both ways cut tracks by the same rules.
"""

from mindreid.lazy_names import lazy_names

__all__, __getattr__ = lazy_names(
    __name__,
    crops=["mot_to_market"],
    gait_tree_writer=["mot_to_silhouettes"],
)
