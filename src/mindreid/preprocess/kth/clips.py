"""KTH's video files: who walks in which scenario, and which of them are missing."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mindreid.errors import DataError

#: Outdoors, outdoors with a change of scale, outdoors in other clothes, indoors.
SCENARIOS = ("d1", "d2", "d3", "d4")
OTHER_CLOTHES = "d3"

_NAME = re.compile(r"person(?P<person>\d\d)_walking_(?P<scenario>d[1-4])(_uncomp)?\.avi", re.IGNORECASE)


@dataclass(frozen=True)
class Clip:
    """A video of one person in one scenario.

    Attributes
    ----------
    path : Path
        The file.
    person : int
        From 1.
    scenario : str
        One of :data:`SCENARIOS`.
    """

    path: Path
    person: int
    scenario: str

    @property
    def name(self) -> str:
        """Short name, as "p02-d3"."""
        return clip_name(self.person, self.scenario)


def clip_name(person: int, scenario: str) -> str:
    """Return a clip's short name, as "p02-d3"."""
    return f"p{person:02d}-{scenario}"


def list_clips(folder: Path) -> list[Clip]:
    """List the videos of walking in a folder; other actions and other files do not count.

    Returns
    -------
    list of Clip
        By person and scenario.

    Raises
    ------
    DataError
        If the folder can't be listed, has no such video, or two of one person and scenario.
    """
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        raise DataError(f"cannot list the folder ({error.strerror})", where=str(folder)) from None
    clips = [
        Clip(folder / name, int(match["person"]), match["scenario"].lower())
        for name in names
        if (match := _NAME.fullmatch(name))
    ]
    if not clips:
        raise DataError(
            "the folder has no video of walking",
            where=str(folder),
            fix="pass the folder with person01_walking_d1_uncomp.avi, …",
        )
    clips.sort(key=lambda clip: (clip.person, clip.scenario))
    for clip, following in zip(clips, clips[1:]):
        if clip.name == following.name:
            raise DataError(f"this is {clip.name} as {clip.path.name} is", where=str(following.path))
    return clips


def missing_clips(clips: Sequence[Clip]) -> list[str]:
    """Name the scenarios that persons who are there have no video of."""
    present = {clip.name for clip in clips}
    persons = sorted({clip.person for clip in clips})
    wanted = [clip_name(person, scenario) for person in persons for scenario in SCENARIOS]
    return [name for name in wanted if name not in present]
