"""What a recording shows of a tracklet: a whole frame, and a short clip."""

from __future__ import annotations

import io
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from mindreid.data.formats.images import read_image
from mindreid.data.formats.regular_files import file_checksum
from mindreid.errors import DataError
from mindreid.search.index import Source, Tracklet
from mindreid.search.ingest.timed_video import TimedVideo

#: Pixels of the longer side of a frame and of a clip.
_FRAME_SIDE, _CLIP_SIDE = 1280, 480
#: Most seconds of a clip, its pictures a second, and what is shown before and after a tracklet.
_CLIP_SECONDS, _CLIP_RATE, _AROUND = 8.0, 5.0, 0.5
_QUALITY = 85
_BOX_COLOUR = (255, 200, 0)


def encode_jpeg(image: np.ndarray) -> bytes:
    """Return uint8 RGB ``[H, W, 3]`` as JPEG."""
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "JPEG", quality=_QUALITY)
    return stream.getvalue()


def frame_of(source: Source, tracklet: Tracklet) -> np.ndarray:
    """Read the frame of a tracklet's best crop, uint8 RGB ``[H, W, 3]``, in its full size.

    Raises
    ------
    DataError
        If the recording is gone or another one, or the frame can't be decoded.
    """
    path = recording(source)
    if source.kind == "photo":
        return read_image(path)
    seconds = float(shown_box(tracklet)["seconds"])
    for _, image in TimedVideo(path).between(seconds, seconds):
        return image
    raise DataError(f"the frame at {seconds:.2f} s can't be decoded", where=str(path))


def framed(image: np.ndarray, tracklet: Tracklet) -> bytes:
    """Draw a tracklet's box into its frame and return that as JPEG of at most 1280 pixels a side."""
    return encode_jpeg(_reduced(_draw(image.copy(), shown_box(tracklet)), _FRAME_SIDE))


def clip_of(source: Source, tracklet: Tracklet) -> bytes:
    """Return a tracklet as an animated WebP with its box, of at most 8 seconds.

    Raises
    ------
    DataError
        If the recording is no video, gone or another one.
    """
    if source.kind != "video":
        raise DataError("a photo has no clip", where=source.path)
    boxes, pictures = tracklet.boxes, []
    first = max(float(boxes["seconds"][0]) - _AROUND, 0.0)
    last = min(float(boxes["seconds"][-1]) + _AROUND, first + _CLIP_SECONDS)
    due = first
    for seconds, image in TimedVideo(recording(source)).between(first, last):
        if seconds + 1e-3 < due:
            continue
        due = max(due + 1 / _CLIP_RATE, seconds)
        near = boxes[np.abs(boxes["seconds"] - seconds).argmin()]
        is_there = abs(float(near["seconds"]) - seconds) <= _AROUND
        pictures.append(Image.fromarray(_reduced(_draw(image, near) if is_there else image, _CLIP_SIDE)))
    if not pictures:
        raise DataError("no frame of this tracklet can be decoded", where=source.path)
    stream = io.BytesIO()
    pictures[0].save(
        stream, "WEBP", save_all=True, append_images=pictures[1:], duration=round(1000 / _CLIP_RATE), loop=0,
        quality=70, method=2,
    )  # fmt: skip
    return stream.getvalue()


def shown_box(tracklet: Tracklet) -> np.void:
    """Return the box of a tracklet's best crop."""
    frames = tracklet.boxes["frame"]
    wanted = tracklet.crops[0].frame if tracklet.crops else int(frames[len(frames) // 2])
    return tracklet.boxes[int(np.abs(frames.astype(np.int64) - wanted).argmin())]


def recording(source: Source) -> Path:
    """Return where a recording is, if it is the one that was added.

    Raises
    ------
    DataError
        If it is gone, or another one has taken its place.
    """
    path = Path(source.path)
    try:
        status = path.stat()
    except OSError:
        raise DataError("the recording is not there any more", where=source.path) from None
    if _checksum(str(path), status.st_mtime_ns, status.st_ctime_ns, status.st_size) != source.id:
        raise DataError("another file has taken the recording's place", where=source.path)
    return path


@lru_cache(maxsize=256)
def _checksum(path: str, _changed: int, _moved: int, _size: int) -> str:
    """Return a file's checksum; computed again when the file's times or size have changed."""
    return file_checksum(path)


def _draw(image: np.ndarray, box: np.void) -> np.ndarray:
    left, top, width, height = (float(box[side]) for side in ("left", "top", "width", "height"))
    thickness = max(round(max(image.shape[:2]) / 400), 1)
    corners = (round(left), round(top)), (round(left + width), round(top + height))
    return cv2.rectangle(np.ascontiguousarray(image), *corners, _BOX_COLOUR, thickness)


def _reduced(image: np.ndarray, longest: int) -> np.ndarray:
    share = longest / max(image.shape[:2])
    if share >= 1:
        return image
    height, width = (max(round(side * share), 1) for side in image.shape[:2])
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
