"""The claims that real persons can show; each function takes a folder that the user has from its authors.

The runs are those of ``real_people.py``, ``pku_views.py`` and ``kth_walking.py``, in the folders below
``work`` that these use.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Optional

import kth_walking
import pku_views
from figures.claim_verdicts import Claim, over_persons
from figures.person_figures import Figures
from real_people import PROTOCOL, SPLITS, RealPeople, make_quick_data, run_split
from runs.finished_runs import Place
from runs.people_arms import FROM_WALKERS, GLOBAL_BRANCH, IDENTITY, MGN

_ARMS = {name: f"{name}, {FROM_WALKERS}" for name in (MGN, GLOBAL_BRANCH, IDENTITY)}
_OVER_GLOBAL_BRANCH = Claim(
    "mgn", "MGN finds more than its global branch alone", _ARMS[MGN], _ARMS[GLOBAL_BRANCH], PROTOCOL
)
_OVER_IDENTITY = Claim(
    "mgn", "MGN finds more than the identity loss on its trunk", _ARMS[MGN], _ARMS[IDENTITY], PROTOCOL
)


def cuhk01_claims(
    root: Optional[Path], work: Place, *, splits: Optional[int], is_quick: bool
) -> list[dict[str, Any]]:
    """Measure MGN, its global branch and the identity loss on its trunk, all from walkers."""
    found = _real_people("cuhk01", root, work, (MGN, GLOBAL_BRANCH, IDENTITY), splits or SPLITS, is_quick)
    return [over_persons(claim, "CUHK01", found) for claim in (_OVER_GLOBAL_BRANCH, _OVER_IDENTITY)]


def pku_claims(
    root: Optional[Path], work: Place, *, splits: Optional[int], is_quick: bool
) -> list[dict[str, Any]]:
    """Measure MGN and its global branch, both from walkers."""
    found = _real_people("pku_reid", root, work, (MGN, GLOBAL_BRANCH), splits or 5, is_quick)
    return [over_persons(_OVER_GLOBAL_BRANCH, "PKU-Reid", found)]


def pku_view_claims(
    root: Optional[Path], work: Place, *, splits: Optional[int], is_quick: bool
) -> list[dict[str, Any]]:
    """Measure CAL and VAL by the side from which persons are seen."""
    place = work / "pku_views"
    own = pku_views.PkuViews(root or place.run / "data", place)
    if is_quick:
        own = pku_views.quick(own)
    arms = (pku_views.CAL, pku_views.VAL)
    return pku_views.claims([pku_views.run_split(own, split, arms) for split in range(splits or 5)])


def kth_claims(
    videos: Optional[Path], work: Place, *, splits: Optional[int], is_quick: bool
) -> list[dict[str, Any]]:
    """Measure gait and appearance of KTH's walkers."""
    place = work / "kth_walking"
    own = kth_walking.Kth(videos or place.run / "videos", place, splits or 5, is_quick=is_quick)
    return kth_walking.claims(kth_walking.measure(own))


def _real_people(
    dataset: str, root: Optional[Path], work: Place, models: Sequence[str], splits: int, is_quick: bool
) -> list[dict[str, Figures]]:
    place = root or work.run / "data" / dataset
    if is_quick:
        make_quick_data(dataset, place)
    people = RealPeople(
        dataset, place, work / "real_people", tuple(models), (FROM_WALKERS,), is_quick=is_quick
    )
    return [run_split(people, split) for split in range(splits)]
