"""From images of a dataset to a table that says from where each person is seen.

Poses come from a file or from an estimator in a process of its own; methods turn them into the
angle of the body, or into a plain class, for each image.
"""

from mindreid.lazy_names import lazy_names

__all__, __getattr__ = lazy_names(
    __name__,
    labelling=["make_views"],
    pose_estimation=["estimate_poses"],
    pose_files=["read_poses"],
    view_labels=["label_view", "label_views"],
)
