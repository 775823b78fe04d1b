"""Pictures of what a dataset holds and of what a network found.

Each function draws one kind of picture and writes one image file.
"""

from mindreid.lazy_names import lazy_names

__all__, __getattr__ = lazy_names(
    __name__,
    activation_sheet=["draw_activations"],
    architecture=["draw_architecture"],
    calibration_diagram=["draw_calibration"],
    cluster_sheet=["draw_person_clusters"],
    contact_sheet=["draw_contact_sheet"],
    plots=["draw_curves", "draw_embedding"],
    rank_list=["draw_rank_lists"],
    silhouette_sheet=["draw_augmentations", "draw_records", "draw_sequences"],
    view_drawing=["draw_view_angle"],
    view_sheet=["draw_view_sheet"],
)
