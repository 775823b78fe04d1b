"""A person detector in ONNX that the user brings.

The image goes in as float32 RGB ``[1, 3, H, W]`` in 0..1, but for YOLOX. What may come out:

==============  ==================================================================================
YOLO            one output ``[1, 4 + classes, N]`` (YOLOv8 and later, without non-maximum
                suppression): middle x, middle y, width, height in pixels of the input, then a score
                in 0..1 for each class. The image is fitted into the input with grey bars.
YOLOX           one output ``[1, N, 5 + classes]``, N cells of the grids of 8, 16 and 32 pixels: middle and
                logarithms of the sides in cells (or in pixels of the input, where the export decodes them),
                a score for anything, and one for each class. The image goes in as BGR in 0..255, fitted
                with grey bars at its right and bottom.
RT-DETR         two outputs, ``[1, N, 4]`` and ``[1, N, classes]``: the same four in shares of the
                image, and scores in 0..1 or logits. The image is stretched to the input's size.
RT-DETR, whole  inputs ``images`` and ``orig_target_sizes`` (width, height), outputs ``labels``, ``boxes``,
                ``scores``: left, top, right, bottom in pixels of the image. It is stretched, too.
==============  ==================================================================================

Which of them it is follows from the number and shapes of the outputs; anything else is refused.
"""

from __future__ import annotations

from pathlib import Path
from typing import Optional

import cv2
import numpy as np

from mindreid.errors import InvalidArgumentError
from mindreid.search.ingest.detectors import keep_distinct, within
from mindreid.search.onnx_session import OnnxSession

_FORMS = "see the forms in docs/search.md: YOLO [1, 4 + classes, N], YOLOX, or RT-DETR's boxes and scores"
#: Pixels of a cell of YOLOX's grids.
_STRIDES = (8, 16, 32)
_GREY = 114
_SIDE = 640
_OVERLAP = 0.6


class OnnxDetector:
    """See :class:`mindreid.search.ingest.Detector`.

    Parameters
    ----------
    path : Path
        The ONNX file.
    person_class : int
        The class that is a person; 0 in COCO.
    least_score : float
        Boxes with less are dropped.
    size : tuple of int, optional
        Height and width of the input, where the file leaves them free; by default 640 × 640.

    Raises
    ------
    InvalidArgumentError
        If it takes no images ``[1, 3, H, W]``.
    """

    def __init__(
        self,
        path: Path,
        *,
        person_class: int = 0,
        least_score: float = 0.35,
        size: Optional[tuple[int, int]] = None,
    ) -> None:
        self._session = OnnxSession(path, "a detector in ONNX")
        self._path, self._person, self._least = path, person_class, least_score
        shape = self._session.shape
        if len(shape) != 4 or (isinstance(shape[1], int) and shape[1] != 3):
            raise InvalidArgumentError(
                f"a detector takes images [1, 3, H, W], this one {shape}", where=str(path), fix=_FORMS
            )
        fallback = size or (_SIDE, _SIDE)
        height, width = (own if isinstance(own, int) else other for own, other in zip(shape[2:], fallback))
        self._size = height, width
        self._cells = sum((height // stride) * (width // stride) for stride in _STRIDES)
        self._is_yolox = False

    def __call__(self, image: np.ndarray) -> np.ndarray:
        """See :class:`Detector`.

        Raises
        ------
        InvalidArgumentError
            If the outputs have another form, or don't know the class of persons.
        """
        height, width = image.shape[:2]
        if len(self._session.input_names) == 2:
            boxes = self._whole(image)
        elif len(self._session.output_names) == 2:
            boxes = self._shares(image)
        elif self._is_yolox:
            boxes = self._yolox(image)
        else:
            boxes = self._yolo(image)
        good = boxes[boxes[:, 4] >= self._least]
        return keep_distinct(within(good, height, width), _OVERLAP)

    def _yolo(self, image: np.ndarray) -> np.ndarray:
        fitted, scale, left, top = self._fitted(image, bars=0.5)
        (output,) = self._session.run(_planes(fitted)) if len(self._session.output_names) == 1 else (None,)
        if output is not None and output.ndim == 3 and self._cells == output.shape[1] and output.shape[2] > 5:
            # What it was given is known by what comes out alone, so that the first image goes in twice.
            self._is_yolox = True
            return self._yolox(image)
        if output is None or output.ndim != 3 or not 5 <= output.shape[1] < output.shape[2]:
            raise self._refused([] if output is None else [output])
        columns = output[0].T
        if columns.size and columns[:, :4].max() <= 2:
            raise InvalidArgumentError(
                "the detector's boxes are shares of the image, where YOLO's are pixels of its input",
                where=str(self._path),
                fix=_FORMS,
            )
        boxes = self._scored(columns[:, :4], columns[:, 4:])
        boxes[:, :2] -= boxes[:, 2:4] / 2 + np.array([left, top])
        boxes[:, :4] /= scale
        return boxes

    def _yolox(self, image: np.ndarray) -> np.ndarray:
        fitted, scale, _, _ = self._fitted(image, bars=0)
        (output,) = self._session.run(_planes(fitted[..., ::-1], most=255))
        places, scores = output[0, :, :4], output[0, :, 4:5] * output[0, :, 5:]
        # Middles in cells are small numbers everywhere; in pixels they go to the input's edges.
        if places[:, :2].max() <= max(self._size) / 2:
            places = _of_cells(places, self._size)
        boxes = self._scored(places, scores)
        boxes[:, :2] -= boxes[:, 2:4] / 2
        boxes[:, :4] /= scale
        return boxes

    def _fitted(self, image: np.ndarray, *, bars: float) -> tuple[np.ndarray, float, int, int]:
        """Return the image within the input's size, its scale, and the bars' share that is left and above."""
        scale = min(self._size[0] / image.shape[0], self._size[1] / image.shape[1])
        height, width = (max(round(side * scale), 1) for side in image.shape[:2])
        top, left = int((self._size[0] - height) * bars), int((self._size[1] - width) * bars)
        fitted = np.full((*self._size, 3), _GREY, np.uint8)
        fitted[top : top + height, left : left + width] = cv2.resize(image, (width, height))
        return fitted, scale, left, top

    def _shares(self, image: np.ndarray) -> np.ndarray:
        outputs = self._session.run(self._stretched(image))
        if any(output.ndim != 3 for output in outputs) or 4 not in (outputs[0].shape[2], outputs[1].shape[2]):
            raise self._refused(outputs)
        # With four classes the first output is that of the boxes, as RT-DETR's are in no fixed order.
        places, scores = outputs if outputs[0].shape[2] == 4 else outputs[::-1]
        if scores.min(initial=0) < 0 or scores.max(initial=0) > 1:
            scores = 1 / (1 + np.exp(-scores))
        boxes = self._scored(places[0], scores[0])
        boxes[:, :2] -= boxes[:, 2:4] / 2
        boxes[:, :4] *= np.tile([image.shape[1], image.shape[0]], 2)
        return boxes

    def _whole(self, image: np.ndarray) -> np.ndarray:
        size = np.array([[image.shape[1], image.shape[0]]], np.int64)
        outputs = dict(zip(self._session.output_names, self._session.run(self._stretched(image), size)))
        if set(outputs) != {"labels", "boxes", "scores"}:
            raise self._refused(list(outputs.values()))
        is_person = outputs["labels"][0] == self._person
        corners, scores = outputs["boxes"][0][is_person], outputs["scores"][0][is_person]
        sides = corners[:, 2:] - corners[:, :2]
        return np.concatenate([corners[:, :2], sides, scores[:, None]], axis=1).astype(np.float32)

    def _stretched(self, image: np.ndarray) -> np.ndarray:
        return _planes(cv2.resize(image, self._size[::-1]))

    def _scored(self, places: np.ndarray, scores: np.ndarray) -> np.ndarray:
        if self._person >= scores.shape[1]:
            raise InvalidArgumentError(
                f"the detector has {scores.shape[1]} classes, from 0, and no class {self._person}",
                where=str(self._path),
                fix="say with --person-class which one is a person",
            )
        return np.concatenate([places, scores[:, self._person, None]], axis=1).astype(np.float32)

    def _refused(self, outputs: list[np.ndarray]) -> InvalidArgumentError:
        shapes = ", ".join(str(list(output.shape)) for output in outputs)
        names = ", ".join(self._session.output_names)
        return InvalidArgumentError(
            f"the detector's outputs ({names}: {shapes}) have no form that is known",
            where=str(self._path),
            fix=_FORMS,
        )


def _of_cells(places: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Turn what YOLOX says of its cells, ``[N, 4]``, into pixels of an input of a height and width."""
    corners, strides = [], []
    for stride in _STRIDES:
        rows, columns = np.mgrid[: size[0] // stride, : size[1] // stride]
        corners.append(np.stack([columns.ravel(), rows.ravel()], axis=1))
        strides.append(np.full((rows.size, 1), stride))
    strides = np.concatenate(strides)
    middles = (places[:, :2] + np.concatenate(corners)) * strides
    return np.concatenate([middles, np.exp(places[:, 2:4]) * strides], axis=1)


def _planes(image: np.ndarray, *, most: float = 1) -> np.ndarray:
    return np.ascontiguousarray(image.transpose(2, 0, 1)[None], np.float32) * np.float32(most / 255)
