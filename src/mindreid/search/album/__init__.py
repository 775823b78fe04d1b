"""The album: the photos of one person put together, in groups that keep their names.

:func:`make_album` brings an album up to date with a folder of photos, which it only reads: an index of
the persons in them, the groups they belong to, a table and a page.
"""

from mindreid.lazy_names import lazy_names

__all__, __getattr__ = lazy_names(
    __name__,
    album_run=["Album", "AlbumWishes", "make_album"],
    people_table=["Person", "read_people", "write_people"],
    person_groups=["group_persons"],
)
