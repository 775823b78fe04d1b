"""What every HTML page of the package is made of: escaped markup, a frame with its style, pictures within.

Nothing of a page is fetched from elsewhere.
"""

from mindreid.lazy_names import lazy_names

__all__, __getattr__ = lazy_names(
    __name__,
    inline_images=["inline_image"],
    markup=["Markup", "element", "escape", "join"],
    page_frame=["Section", "assemble"],
)
