"""Photos whose persons are rectangles of three colours on grey, and a detector that finds those."""

import cv2
import numpy as np
from PIL import Image

GREY = 128
#: Clothes of persons: three colours from above.
CLOTHES = {
    "anna": ((250, 20, 20), (20, 20, 250), (20, 250, 20)),
    "bert": ((20, 250, 20), (250, 250, 20), (250, 20, 20)),
    "cleo": ((20, 20, 250), (20, 250, 250), (250, 20, 250)),
    "dora": ((240, 240, 20), (20, 20, 20), (20, 240, 240)),
}


def paint(persons, seed=0):
    """A photo, uint8 RGB, with ``persons`` beside each other."""
    generator = np.random.default_rng(seed)
    image = np.full((120, 60 * max(len(persons), 1), 3), GREY, np.uint8)
    for place, name in enumerate(persons):
        left, top = 60 * place + 10 + int(generator.integers(10)), 10 + int(generator.integers(10))
        for strip, colour in enumerate(CLOTHES[name]):
            noise = generator.integers(-15, 1, (30, 30, 3))
            image[top + 30 * strip : top + 30 * strip + 30, left : left + 30] = np.clip(
                colour + noise, 0, 255
            )
    return image


def put(folder, name, persons, seed=None):
    """Write a photo of its own content below ``folder``."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(paint(persons, sum(name.encode()) if seed is None else seed)).save(path)
    return path


class PaintedPeople:
    """Finds what is not grey."""

    def __call__(self, image):
        shown = (np.abs(image.astype(int) - GREY).max(axis=2) > 40).astype(np.uint8)
        shown = cv2.morphologyEx(shown, cv2.MORPH_CLOSE, np.ones((9, 9)))
        _, _, found, _ = cv2.connectedComponentsWithStats(shown)
        boxes = [(*piece[:4], 0.9) for piece in found[1:] if piece[cv2.CC_STAT_AREA] > 200]
        return np.array(sorted(boxes), np.float32).reshape(-1, 5)
