"""Recordings that nobody made: tracklets with random embeddings and crops."""

import hashlib
from datetime import datetime, timedelta, timezone

import numpy as np

from mindreid.search.index import Crop, IndexedModel, Source, Tracklet, crop_name, tracklet_id
from mindreid.search.index.tracklets import BOX

DIMENSION = 8
MODEL = IndexedModel("a" * 64, "/models/made_up.onnx", {"height": 8, "width": 4}, DIMENSION)
BEGIN = datetime(2026, 11, 1, 8, tzinfo=timezone.utc)


def made_up_source(number, camera="hall", tracklets=3, seed=None):
    """A recording of ten minutes, its tracklets, and the bytes of their crops."""
    generator = np.random.default_rng(number if seed is None else seed)
    source_id = hashlib.sha256(f"recording {number}".encode()).hexdigest()
    start = BEGIN + timedelta(hours=number)
    source = Source(
        source_id, "video", f"/videos/{number}.mp4", camera, start, start + timedelta(minutes=10), 640, 480
    )
    content = []
    for index in range(tracklets):
        boxes = np.zeros(5, BOX)
        boxes["frame"] = 10 * index + np.arange(5)
        boxes["seconds"] = boxes["frame"] / 10
        boxes["width"], boxes["height"] = 20, 50
        name = tracklet_id(source_id, index)
        crops = tuple(Crop(crop_name(source_id, name, place), int(10 * index + place)) for place in range(2))
        tracklet = Tracklet(
            name, source_id, camera, start + timedelta(seconds=float(boxes["seconds"][0])),
            start + timedelta(seconds=float(boxes["seconds"][-1])), boxes, crops, MODEL.sha256,
            generator.normal(size=DIMENSION).astype(np.float32),
        )  # fmt: skip
        content.append((tracklet, [generator.bytes(200) for _ in crops]))
    return source, content


def put_source(index, source, content):
    """Add what ``made_up_source`` returns."""
    with index.adding(source.id) as addition:
        for tracklet, crops in content:
            addition.put(tracklet, crops)
        addition.finish(source)
