"""Persons in a single picture, by the detector of Dalal and Triggs (CVPR 2005) that OpenCV brings."""

from __future__ import annotations

import cv2
import numpy as np

from mindreid.search.ingest.detectors import keep_distinct, within

#: Pixels that a person should be high. It fills 96 of the detector's window of 128, and larger ones are
#: found, too, smaller ones are not: what moves is often more than a person.
KNOWN_HEIGHT = 180
#: The detector's window.
_WINDOW = (128, 64)
#: Shares of the window that a person does not fill, at its sides, top and bottom.
_MARGINS = np.array([0.14, 0.08], np.float32)
#: Pixels to which the longer side of a whole picture is brought at most.
_LONGEST = 800
_OVERLAP = 0.4


class HogPeople:
    """See :class:`mindreid.search.ingest.Detector`; for pictures that have nothing to do with each other."""

    def __init__(self) -> None:
        self._people = cv2.HOGDescriptor()
        self._people.setSVMDetector(np.array(cv2.HOGDescriptor.getDefaultPeopleDetector(), np.float32))

    def __call__(self, image: np.ndarray) -> np.ndarray:
        """See :class:`Detector`."""
        boxes = self.find(image, min(_LONGEST / max(image.shape[:2]), 1.0))
        return keep_distinct(within(boxes, *image.shape[:2]), _OVERLAP)

    def find(self, image: np.ndarray, scale: float) -> np.ndarray:
        """Return boxes, float32 ``[N, 5]``, some beyond the image's edges; it is scaled before."""
        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        height, width = (max(round(side * scale), least) for side, least in zip(grey.shape, _WINDOW))
        scaled = cv2.resize(
            grey, (width, height), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        )
        windows, weights = self._people.detectMultiScale(scaled, winStride=(8, 8), scale=1.1)
        if not len(windows):
            return np.zeros((0, 5), np.float32)
        places = np.asarray(windows, np.float32).reshape(-1, 4)
        sides = places[:, 2:] * (1 - 2 * _MARGINS)
        corners = places[:, :2] + places[:, 2:] * _MARGINS
        factors = np.array([image.shape[1] / width, image.shape[0] / height], np.float32)
        # Distances from the detector's plane, of which 1 is a clear person.
        scores = 1 / (1 + np.exp(-np.asarray(weights, np.float32).reshape(-1, 1)))
        return np.concatenate([corners * factors, sides * factors, scores], axis=1).astype(np.float32)
