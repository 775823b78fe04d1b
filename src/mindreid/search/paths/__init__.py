"""Paths: tracklets of one person joined over cameras, and how many go where.

:func:`join_tracklets` makes :class:`PersonPath` objects under :class:`TravelLimits`; ``path_summary``
counts transitions and dwell times, also for many persons together without telling of any one.
"""

from mindreid.lazy_names import lazy_names

__all__, __getattr__ = lazy_names(
    __name__,
    path_scores=["score_paths"],
    path_summary=["PathSummary", "summarize", "summarize_crowd"],
    path_tables=["format_paths", "format_summary", "paths_as_json", "summary_as_json"],
    tracklet_joining=["PersonPath", "Step", "join_tracklets"],
    travel_limits=["TravelLimits", "read_travel_limits"],
)
