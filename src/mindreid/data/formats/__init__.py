"""Files of single formats: images, MATLAB variables, pickled arrays, silhouettes.

Whatever is read is checked, and a file that is damaged or could do harm ends in one
:class:`mindreid.errors.DataError` that names it.
"""

from mindreid.lazy_names import lazy_names

__all__, __getattr__ = lazy_names(
    __name__,
    images=["load_image", "read_image"],
    matlab=["read_variables"],
    pickles=["read_array", "write_array"],
    silhouettes=["align_sequence", "align_silhouette"],
)
