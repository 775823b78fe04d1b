"""The page of an index: a picture dropped in a browser, and where in the recordings that person is.

:func:`serve` answers at a local address to whoever has the token; ``search_service`` does what the page
asks for, ``picture_worker`` decodes uploads in a process that may die, ``report_export`` writes what was
found.
"""

from mindreid.lazy_names import lazy_names

__all__, __getattr__ = lazy_names(
    __name__,
    access=["Access"],
    picture_worker=["PictureWorker"],
    query_refinement=["refine"],
    search_server=["listen", "make_app", "serve"],
    search_service=["SearchService"],
)
