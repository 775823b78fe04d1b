"""YAML files in a model's folder that say what is reported of it."""

from __future__ import annotations

import json
from typing import Optional, TypeVar

import pydantic

from mindreid.errors import ConfigError
from mindreid.package_contents import package_folder
from mindreid.yaml_source import read_yaml

Content = TypeVar("Content", bound=pydantic.BaseModel)


def read_model_file(model: str, name: str, content: type[Content]) -> Optional[Content]:
    """Read and validate a YAML file of a model's folder, ``None`` if it has none of this name.

    Parameters
    ----------
    model : str
        The method's registered name.
    name : str
        The file's.
    content : type
        What the file describes.

    Raises
    ------
    ConfigError
        If the file is damaged, or has wrong or unknown keys.
    """
    path = package_folder("mindreid.models") / model / name
    if not path.is_file():
        return None
    try:
        return content.model_validate_json(json.dumps(read_yaml(path).content))
    except pydantic.ValidationError as error:
        problem = error.errors(include_url=False)[0]
        place = ".".join(map(str, problem["loc"]))
        raise ConfigError(f"{place}: {problem['msg']}", where=str(path)) from None
