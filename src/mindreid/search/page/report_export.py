"""What a search found, as an archive that can be handed on and checked.

==================  ============================================================================
``report.html``     who was looked for and why, the hits with their crops and frames
``hits.json``       the same for programs
``query.jpg``       who was looked for
``crops/``          the pictures of each hit
``frames/``         the frame of each hit with its box, where the recording is still there
``SHA256SUMS``      of all these, as ``sha256sum --check`` reads it
==================  ============================================================================
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from datetime import datetime, timezone
from typing import Any, Optional

from mindreid.errors import DataError
from mindreid.pages.markup import Markup, definitions, element, join, note, table
from mindreid.pages.page_frame import Section, assemble
from mindreid.search.finding import RatedHit
from mindreid.search.index import Index, Source
from mindreid.search.page.recorded_frames import frame_of, framed
from mindreid.search.page.search_service import Search

_STYLE = ".samples img { height: 160px; width: auto; } .frame { max-width: 640px; }"


def export_report(index: Index, search: Search) -> bytes:
    """Write the report of a search as a ZIP archive.

    Parameters
    ----------
    index : Index
        Where it was searched.
    search : Search
        The search, with its hits as they are now.
    """
    sources = {source.id: source for source in index.sources()}
    files = {"query.jpg": search.crop}
    shown = []
    hits = [hit for hit in search.hits if hit.hit.tracklet.source in sources]
    for rank, hit in enumerate(hits, 1):
        shown.append(_hit(index, rank, hit, sources[hit.hit.tracklet.source], files))
    time = datetime.now(timezone.utc).isoformat(timespec="seconds")
    about = {
        "made": time,
        "reason": search.wish.reason,
        **search.asked,
        "cameras": ", ".join(search.wish.cameras) or "all",
        "after": str(search.wish.after or "–"),
        "before": str(search.wish.before or "–"),
    }
    said = {"confirmed": list(search.confirmed), "rejected": list(search.rejected)}
    content = {**about, **said, "hits": [entry for entry, _ in shown]}
    files["hits.json"] = (json.dumps(content, indent=2) + "\n").encode()
    files["report.html"] = _page(about, search, shown, list(sources.values())).encode()
    sums = "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(files.items()))
    return _archive({**files, "SHA256SUMS": sums.encode()})


def _hit(
    index: Index, rank: int, hit: RatedHit, source: Source, files: dict[str, bytes]
) -> tuple[dict[str, Any], Markup]:
    """Put the pictures of a hit into ``files``, and return what is told of it."""
    tracklet = hit.hit.tracklet
    names = []
    for number, crop in enumerate(tracklet.crops):
        names.append(f"crops/{rank:03d}-{number}.jpg")
        files[names[-1]] = index.read_crop(crop)
    pictures = [element("img", src=name, alt=f"hit {rank}") for name in names]
    parts = [element("div", *pictures, class_="samples")]
    try:
        frame = f"frames/{rank:03d}.jpg"
        files[frame] = framed(frame_of(source, tracklet), tracklet)
        parts.append(element("img", src=frame, alt=f"the frame of hit {rank}", class_="frame"))
    except DataError as error:
        parts.append(note(str(error)))
    entry = {**hit.as_json(), "rank": rank, "recording": source.path, "recording_sha256": source.id}
    return {**entry, "crops": names}, join(parts)


def _page(
    about: dict[str, Any], search: Search, shown: list[tuple[dict[str, Any], Markup]], sources: list[Source]
) -> str:
    who = element("div", element("img", src="query.jpg", alt="who was looked for"), class_="samples")
    sections = [Section("query", "Who was looked for", join([who, definitions(about)]))]
    verdicts = dict.fromkeys(search.confirmed, "confirmed")
    for entry, pictures in shown:
        facts = {
            "camera": entry["camera"],
            "from": str(entry["start"] or "–"),
            "to": str(entry["end"] or "–"),
            "similarity": f"{entry['score']:.3f}",
            "right of 100 such hits": _per_cent(entry["probability"], search),
            "the user says": verdicts.get(entry["tracklet"], "nothing"),
            "tracklet": entry["tracklet"],
            "SHA-256 of the recording": entry["recording_sha256"],
        }
        title = f"Hit {entry['rank']}"
        sections.append(Section(f"hit-{entry['rank']}", title, join([pictures, definitions(facts)])))
    rows = [(source.path, source.camera, source.id) for source in sources]
    listed = table(("recording", "camera", "SHA-256"), rows, numbers_from=9)
    sections.append(Section("recordings", "Recordings that were searched", listed))
    nobody = note("A hit is a similarity, not a proof; the checksums of these files are in SHA256SUMS.")
    return assemble("Report of a search", nobody, sections, style=_STYLE)


def _per_cent(probability: Optional[float], search: Search) -> str:
    if probability is None:
        return "refined: not calibrated" if search.is_refined else "not calibrated"
    return f"{100 * probability:.0f}"


def _archive(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(files.items()):
            archive.writestr(name, data)
    return stream.getvalue()
