"""The page of a run: one HTML file that needs nothing else, and the page that compares runs.

``run_page`` puts the sections together, each of which is a module ``*_section``; ``markup`` escapes
whatever comes from outside.
"""

from mindreid.lazy_names import lazy_names

__all__, __getattr__ = lazy_names(
    __name__,
    comparison_page=["write_comparison"],
    run_page=["write_run_page"],
    watching=["watch_run"],
)
