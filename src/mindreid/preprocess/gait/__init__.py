"""From raw silhouettes as datasets release them to aligned sequences, one file each."""

from mindreid.lazy_names import lazy_names

__all__, __getattr__ = lazy_names(
    __name__,
    ccpg_release=["organize_ccpg"],
    raw_silhouettes=["align_raw_silhouettes"],
)
