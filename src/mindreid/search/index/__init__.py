"""The index: tracklets with camera, time, boxes, crops and one embedding each, and exact search.

:func:`open_index` opens a folder (SQLite for rows, a file of float32 vectors beside it) or a
collection of a Milvus database; both do what :class:`Index` says.
"""

from mindreid.lazy_names import lazy_names

__all__, __getattr__ = lazy_names(
    __name__,
    filter_checks=["check_cameras"],
    index_protocol=["Addition", "Deleted", "Index"],
    opening=["open_index"],
    source_addition=["crop_name"],
    tracklets=["Crop", "Filters", "Hit", "IndexedModel", "Source", "Tracklet", "tracklet_id"],
)
