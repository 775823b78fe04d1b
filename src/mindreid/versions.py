"""The versions of what a result was made with."""

from __future__ import annotations

import platform
from importlib import metadata

_LIBRARIES = ("mindspore", "mindcv", "numpy", "opencv-python-headless", "pillow")


def library_versions() -> dict[str, str]:
    """Versions of Python, this package and the libraries that its numbers depend on."""
    versions = {"python": platform.python_version()}
    for library in ("mindreid", *_LIBRARIES):
        try:
            versions[library] = metadata.version(library)
        except metadata.PackageNotFoundError:
            versions[library] = "not installed"
    return versions
