"""Where persons are lost: by pair of cameras, by pair and difference of views."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mindreid.metrics.percentages import to_percent
from mindreid.pages.markup import Markup, element, join, note, table
from mindreid.pages.page_frame import Section
from mindreid.report.label_pairs import PairTable, pair_table
from mindreid.report.rank_lists import ProtocolRanking
from mindreid.report.record_captions import camera_of, view_of

#: Shade of the worst pair, of 1 for the best.
_FAINTEST = 0.15


def pair_section(rankings: Sequence[ProtocolRanking]) -> Section:
    """Show the mAP from each camera in each, and from each view in each where views are known."""
    explanation = note(
        "mAP in per cent of the queries of one camera (row) when only the gallery of another (column) is "
        "searched; “–”: nobody is there to be found under the junk rule. The stronger the shade, the better: "
        "from the worst to the best pair of each table."
    )
    blocks = [
        element("div", element("h3", ranking.protocol.name), element("div", *tables, class_="pairs"))
        for ranking in rankings
        for tables in [_tables(ranking)]
        if tables
    ]
    if not blocks:
        return Section("pairs", "Cameras and views", note("All records are of one camera."))
    return Section("pairs", "Cameras and views", join([explanation, element("div", *blocks, class_="pairs")]))


def view_difference(query: str, item: str) -> str:
    """Say how far two views are apart: in degrees where they are angles, else whether they are the same.

    Examples
    --------
    >>> view_difference("090", "036"), view_difference("2", "0"), view_difference("1", "1")
    ('54°', 'another view', 'same view')
    """
    if len(query) == len(item) == 3:
        return f"{abs(int(query) - int(item))}°"
    return "same view" if query == item else "another view"


def _tables(ranking: ProtocolRanking) -> list[Markup]:
    tables = []
    cameras = pair_table(ranking, camera_of)
    if cameras is not None:
        tables.append(_heat(cameras, "camera"))
    views = pair_table(ranking, view_of)
    if views is not None:
        tables += [_heat(views, "view"), _differences(views)]
    return tables


def _heat(pairs: PairTable, kind: str) -> Markup:
    head = element(
        "tr",
        element("th", f"query {kind} ↓ gallery →"),
        *(element("th", name, scope="col", class_="middle") for name in pairs.names),
    )
    low, high = np.nanmin(pairs.mean_ap), np.nanmax(pairs.mean_ap)
    shades = (pairs.mean_ap - low) / (high - low if high > low else 1.0)
    rows = [
        element("tr", element("th", name, scope="row"), *map(_cell, values, own))
        for name, values, own in zip(pairs.names, pairs.mean_ap, shades)
    ]
    more = f", {pairs.left_out} more left out" if pairs.left_out else ""
    caption = element("caption", f"mAP by pair of {kind}s{more}")
    whole = element("table", caption, element("thead", head), element("tbody", *rows))
    return element("div", whole, class_="wide", tabindex=0)


def _cell(value: float, shade: float) -> Markup:
    if np.isnan(value):
        return element("td", "–", class_="heat", style="--share:0")
    return element(
        "td",
        f"{to_percent(value):.1f}",
        class_="heat",
        style=f"--share:{_FAINTEST + (1 - _FAINTEST) * shade:.2f}",
    )


def _differences(views: PairTable) -> Markup:
    rows = [
        (name, f"{to_percent(mean_ap):.1f}", f"{to_percent(rank1):.1f}", f"{count:,}")
        for name, (mean_ap, rank1, count) in views.by_difference(view_difference).items()
    ]
    return table(("views apart", "mAP", "rank-1", "searches"), rows, caption="by difference of the views")
