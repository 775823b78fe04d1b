"""What a user decides about lists of images; the command line takes its options from here."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Optional

from mindreid.errors import InvalidArgumentError

#: The person is the folder's name.
FOLDER = "folder"


@dataclass(frozen=True)
class ListRules:
    """How persons and cameras are told, and how persons are split.

    Attributes
    ----------
    person_from : str
        "folder", the name of the topmost folder that an image is in, or a regular expression whose first
        group finds the person in the image's path below the folder of images.
    camera_from : str, optional
        A regular expression whose first group finds the camera likewise; ``None``: there are no cameras.
    train_share : float
        Share of the persons that are trained on, between 0 and 1.
    seed : int
        Of the draw of persons and queries, at least 0.

    Raises
    ------
    InvalidArgumentError
        If a number is out of range, or an expression is none or has no group.
    """

    person_from: str = field(
        default=FOLDER,
        metadata={
            "metavar": "folder|REGEX",
            "help": "whose image it is: the name of the topmost folder below --images, or what the first "
            "group of a regular expression finds in the path below --images",
        },
    )
    camera_from: Optional[str] = field(
        default=None,
        metadata={
            "metavar": "REGEX",
            "help": "the camera: what the first group of a regular expression finds in the path",
            "default_text": "no cameras",
        },
    )
    train_share: float = field(default=0.5, metadata={"help": "share of the persons that are trained on"})
    seed: int = field(default=1, metadata={"help": "of the draw of persons and queries"})

    def __post_init__(self) -> None:
        if not 0 < self.train_share < 1:
            raise InvalidArgumentError(f"train_share is between 0 and 1, not {self.train_share}")
        if self.seed < 0:
            raise InvalidArgumentError(f"seed is 0 or more, not {self.seed}")
        if self.person_from != FOLDER:
            _check(self.person_from, "--person-from")
        if self.camera_from is not None:
            _check(self.camera_from, "--camera-from")

    def person(self, path: str) -> Optional[str]:
        """Return whom a path below the folder, with forward slashes, names; ``None`` if nobody."""
        if self.person_from != FOLDER:
            return _found(self.person_from, path)
        folder, slash, _ = path.partition("/")
        return folder if slash else None

    def camera(self, path: str) -> Optional[str]:
        """Return the camera likewise."""
        return None if self.camera_from is None else _found(self.camera_from, path)


def _check(expression: str, option: str) -> None:
    try:
        groups = re.compile(expression).groups
    except re.error as error:
        raise InvalidArgumentError(
            f"this is no regular expression ({error})", where=f"{option} {expression}"
        ) from None
    if groups < 1:
        raise InvalidArgumentError(
            "the regular expression has no group, whose text would be the label",
            where=f"{option} {expression}",
            fix=r"put it in parentheses, as in '(\w+)_\d+\.jpg'",
        )


def _found(expression: str, path: str) -> Optional[str]:
    match = re.search(expression, path)
    return match[1] if match is not None and match[1] and match[1].strip() else None
