"""Paths: how well walkers are followed over several cameras, by IDF1.

Films walkers whom the network has never seen, adds the videos once with their true tracks and once with
those that ``mindreid search add`` finds by itself, and joins both for several least similarities and
travel times. ``not joined`` is every tracklet by itself.

Run ``python benchmarks/search_paths.py --model FILE``; ``--work DIR`` keeps films and indexes for another
run.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from datetime import datetime, timezone
from pathlib import Path

from report import show_table, write_result

from mindreid.search.index import open_index
from mindreid.search.ingest import MovingPeople, add_video, open_appearance_model
from mindreid.search.ingest.given_boxes import read_boxes
from mindreid.search.ingest.video_addition import VideoRules
from mindreid.search.paths import TravelLimits, join_tracklets, score_paths
from mindreid.walkers.films.film import film

SIMILARITIES = (0.6, 0.7, 0.8, 0.85, 0.9)
MOST_SECONDS = (15.0, 60.0)
KINDS = {"true": "true tracks", "found": "found tracks"}


def index_of(work: Path, kind: str, model):
    """Open an index of the film, and add what is not in it yet."""
    index = open_index(work / kind, create=True)
    index.set_model(model.described)
    for camera in json.loads((work / "film" / "truth.json").read_text(encoding="utf-8"))["cameras"]:
        boxes = read_boxes(work / "film" / camera["annotations"])
        start = datetime.fromisoformat(camera["start"]).replace(tzinfo=timezone.utc)
        add_video(
            index,
            work / "film" / camera["video"],
            camera["name"],
            model,
            boxes if kind == "true" else MovingPeople(),
            start=start,
            rules=VideoRules(rate=camera["frame_rate"]),
        )
    return index


def measure(work: Path, kind: str, model) -> list[dict]:
    """Return IDF1 of one kind of tracks for all similarities and travel times."""
    index = index_of(work, kind, model)
    cameras = json.loads((work / "film" / "truth.json").read_text(encoding="utf-8"))["cameras"]
    truths = {camera["name"]: read_boxes(work / "film" / camera["annotations"]) for camera in cameras}
    tracklets = list(index.tracklets())
    ways = [(None, TravelLimits(0, 0, 0), 1.0)]
    ways += [(most, TravelLimits(0, most), least) for most in MOST_SECONDS for least in SIMILARITIES]
    rows = []
    for most, limits, least in ways:
        paths = join_tracklets(tracklets, limits, least)
        scores = score_paths(paths, index.sources(), truths)
        rows.append(
            {
                "tracks": KINDS[kind],
                "most_seconds": most,
                "least_similarity": None if most is None else least,
                "tracklets": len(tracklets),
                "paths": len(paths),
                "idf1": round(scores.f1, 4),
                "precision": round(scores.precision, 4),
                "recall": round(scores.recall, 4),
            }
        )
    index.close()
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--ids", type=int, default=24)
    parser.add_argument("--seed", type=int, default=8)
    parser.add_argument("--work", type=Path)
    parsed = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = parsed.work or Path(folder)
        work.mkdir(parents=True, exist_ok=True)
        if not (work / "film").exists():
            film(work / "film", parsed.ids, parsed.seed)
        model = open_appearance_model(parsed.model)
        rows = [row for kind in KINDS for row in measure(work, kind, model)]
    header = list(rows[0])
    show_table("IDF1 over all cameras", header, [[_shown(row[key]) for key in header] for row in rows])
    about = {"ids": parsed.ids, "seed": parsed.seed, "model": parsed.model.name}
    write_result("search_paths", "python benchmarks/search_paths.py --model FILE", {**about, "rows": rows})


def _shown(value: object) -> object:
    return "not joined" if value is None else value


if __name__ == "__main__":
    main()
