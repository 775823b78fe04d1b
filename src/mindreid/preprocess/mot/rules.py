"""What a user decides about a MOT sequence: how it is read, cut into cameras, and what is good enough.

The command line takes its options, their defaults and their help from the fields here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, Optional

from mindreid.errors import InvalidArgumentError
from mindreid.preprocess.mot.boxes import Box


def _option(default: Any, text: str, **argument: Any) -> Any:
    """Make a field that is also an option; ``argument`` goes to argparse."""
    return field(default=default, metadata={"help": text, **argument})


def identities(text: str) -> tuple[int, ...]:
    """Read annotated identities that are one person, e.g. ``"1,19"``.

    Raises
    ------
    ValueError
        If one of them is no integer.
    """
    return tuple(int(part) for part in text.split(","))


@dataclass(frozen=True)
class Reading:
    """How a sequence's files are understood where they do not tell themselves.

    Attributes
    ----------
    first_frame : int, optional
        The frame number that the annotations give the first picture. By default a picture's frame
        is the number in its name, and a video's first frame is 1, or 0 where a frame 0 is annotated.
    person_class : str, optional
        What column 8 says of a person: a name or a number. By default "person", "pedestrian", and
        MOTChallenge's class 1; 0 where there is no other class.

    Raises
    ------
    InvalidArgumentError
        If ``first_frame`` is negative or ``person_class`` is empty.
    """

    first_frame: Optional[int] = _option(
        None,
        "the frame number that the annotations give the first picture",
        type=int,
        default_text="the number in its name; of a video 1, or 0 if that is annotated",
    )
    person_class: Optional[str] = _option(
        None,
        "what column 8 of the annotations says of a person, a name or a number",
        default_text="person, pedestrian or 1; 0 if there is no other class",
    )

    def __post_init__(self) -> None:
        _require(
            self.first_frame is None or self.first_frame >= 0, "first_frame is 0 or more", self.first_frame
        )
        _require(
            self.person_class is None or bool(self.person_class.strip()),
            "person_class is a name or a number",
            self.person_class,
        )


@dataclass(frozen=True)
class Cutting:
    """How tracks become persons and cameras, and who of them is trained on.

    Attributes
    ----------
    seed : int
        Decides which persons are for training.
    train_share : float
        Share of persons for training, in (0, 1).
    segments : int
        Parts of a track, at least 2; each counts as a camera, or as a view of a gait sequence.
    gap : int
        Frames between two parts that are left out.
    same_person : sequence of sequences of int
        Annotated identities that are one person; their tracks become further cameras of it.

    Raises
    ------
    InvalidArgumentError
        If a value is out of range, a group has less than two identities, or an identity is named
        twice.
    """

    seed: int = _option(1, "decides who is for training")
    train_share: float = _option(0.5, "share of persons for training, between 0 and 1")
    segments: int = _option(2, "parts of a track that serve as cameras, at least 2")
    gap: int = _option(7, "frames left out between two parts")
    same_person: Sequence[Sequence[int]] = _option(
        (),
        "annotated identities that are one person who came back; repeatable",
        action="append",
        type=identities,
        metavar="ID,ID",
        default_text="everybody is somebody else",
    )

    def __post_init__(self) -> None:
        _require(self.seed >= 0, "seed is 0 or more", self.seed)
        _require(0 < self.train_share < 1, "train_share is a share between 0 and 1", self.train_share)
        _require(
            self.segments >= 2,
            "a track is cut into at least 2 segments, one to find the other",
            self.segments,
        )
        _require(self.gap >= 0, "gap is a number of frames, 0 or more", self.gap)
        named: set[int] = set()
        for group in self.same_person:
            if len(group) < 2:
                raise InvalidArgumentError(f"same_person joins at least two identities, not {list(group)}")
            for identity in group:
                if identity in named:
                    raise InvalidArgumentError(
                        f"same_person names identity {identity} twice", fix="name all of a person at once"
                    )
                named.add(identity)


@dataclass(frozen=True)
class CropRules:
    """Which boxes become crops, and how many crops are queries.

    Attributes
    ----------
    queries : int
        Query images of each part of a test person, evenly spaced; the others are gallery.
    every : int
        Take every n-th frame.
    min_visibility : float
        Smallest visible share of a box.
    min_height : float
        Smallest height in pixels.
    min_confidence : float
        Boxes below are left out.
    min_inside : float
        Smallest share of the box inside the image; crops are clipped to the image.

    Raises
    ------
    InvalidArgumentError
        If a value is out of range.
    """

    queries: int = _option(1, "query images of each part of a test person's track")
    every: int = _option(1, "take every n-th frame")
    min_visibility: float = _option(0.6, "smallest visible share of a box")
    min_height: float = _option(40.0, "smallest height of a box in pixels")
    min_confidence: float = _option(0.5, "boxes of less confidence are left out")
    min_inside: float = _option(0.8, "smallest share of a box inside the picture")

    def __post_init__(self) -> None:
        _require(self.queries >= 1, "queries is at least 1", self.queries)
        _require(self.every >= 1, "every is at least 1", self.every)
        _require(0 <= self.min_visibility <= 1, "min_visibility is a share from 0 to 1", self.min_visibility)
        _require(
            0 <= self.min_height < float("inf"),
            "min_height is a number of pixels, 0 or more",
            self.min_height,
        )
        _require(isfinite(self.min_confidence), "min_confidence is a number", self.min_confidence)
        _require(0 <= self.min_inside <= 1, "min_inside is a share from 0 to 1", self.min_inside)

    def accept(self, box: Box) -> bool:
        """Whether a box is good enough, as far as it can be told without the image."""
        return (
            box.confidence >= self.min_confidence
            and box.visibility >= self.min_visibility
            and box.height >= self.min_height
            and (box.frame - 1) % self.every == 0
        )


@dataclass(frozen=True)
class SilhouetteRules:
    """Which boxes become silhouettes, and how many of them are a sequence.

    Attributes
    ----------
    length : int
        Frames of a sequence; what is left over of a part is a sequence of its own if it has at
        least half as many, or all of it if the part has no more.
    max_overlap : float
        Greatest share of the box that another one may cover, before or behind it: the silhouettes
        of two persons who touch cannot be told apart.
    min_height : float
        Smallest height of the box in pixels.
    min_confidence : float
        Boxes below are left out.
    fill : tuple of float
        Least and greatest share of its box that a silhouette covers.

    Raises
    ------
    InvalidArgumentError
        If a value is out of range.
    """

    length: int = _option(16, "frames of a sequence")
    max_overlap: float = _option(0.05, "share of a box that another may cover")
    min_height: float = _option(40.0, "smallest height of a box in pixels")
    min_confidence: float = _option(0.5, "boxes of less confidence are left out")
    fill: tuple[float, float] = (0.25, 0.75)

    def __post_init__(self) -> None:
        _require(self.length >= 1, "length is at least 1 frame", self.length)
        _require(0 <= self.max_overlap <= 1, "max_overlap is a share from 0 to 1", self.max_overlap)
        _require(
            0 <= self.min_height < float("inf"),
            "min_height is a number of pixels, 0 or more",
            self.min_height,
        )
        _require(isfinite(self.min_confidence), "min_confidence is a number", self.min_confidence)
        _require(0 <= self.fill[0] <= self.fill[1] <= 1, "fill is two rising shares from 0 to 1", self.fill)


def _require(holds: bool, what: str, value: object) -> None:
    if not holds:
        raise InvalidArgumentError(f"{what}, not {value!r}")
