"""MediaPipe's pose estimator as a program: image paths in, keypoints out, a line of JSON each.

It is run by path in an environment that has mediapipe and need not have mindreid, since mediapipe
and mindspore cannot share a process. The first line out says who estimates; then each line in, the
path of an image as a JSON string, is answered by one line, ``{"persons": [...]}`` with at most one
person, ``{"keypoints": [x, y, c, ...], "score": s}`` in Halpe-26 order, or ``{"error": "..."}``.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

#: MediaPipe's landmark for each of Halpe-26's keypoints; -1 where it has none.
LANDMARKS = (
    0, 2, 5, 7, 8, 11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28,
    -1, -1, -1, 31, 32, -1, -1, 29, 30,
)  # fmt: skip
#: Its detector wants room around a person; found by the share of PETS09's crops with a person.
_MARGIN = 0.25
_HEIGHT = 256
_MIN_DETECTION = 0.3


def main() -> None:
    """Answer standard input line by line."""
    # MediaPipe writes to standard output's descriptor, which the answers need for themselves.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    import mediapipe

    estimator = mediapipe.solutions.pose.Pose(
        static_image_mode=True, model_complexity=1, min_detection_confidence=_MIN_DETECTION
    )
    header = {"estimator": f"mediapipe {mediapipe.__version__}, margin {_MARGIN}, height {_HEIGHT}"}
    _answer(answers, header)
    for line in sys.stdin:
        _answer(answers, _estimate(estimator, json.loads(line)))


def _answer(answers: Any, answer: dict[str, Any]) -> None:
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


def _estimate(estimator: Any, path: str) -> dict[str, Any]:
    import cv2

    image = cv2.imread(path, cv2.IMREAD_COLOR)
    if image is None:
        return {"error": "the image cannot be read"}
    scale = _HEIGHT / image.shape[0]
    width = max(round(scale * image.shape[1]), 1)
    resized = cv2.resize(image, (width, _HEIGHT), interpolation=cv2.INTER_CUBIC)
    margin = round(_MARGIN * _HEIGHT)
    padded = cv2.copyMakeBorder(resized, margin, margin, margin, margin, cv2.BORDER_REPLICATE)
    found = estimator.process(cv2.cvtColor(padded, cv2.COLOR_BGR2RGB)).pose_landmarks
    if found is None:
        return {"persons": []}
    height, width = padded.shape[:2]
    flat: list[float] = []
    for number in LANDMARKS:
        if number < 0:
            flat += [0.0, 0.0, 0.0]
            continue
        point = found.landmark[number]
        x, y = (point.x * width - margin) / scale, (point.y * height - margin) / scale
        flat += [round(x, 2), round(y, 2), round(point.visibility, 3)]
    return {"persons": [{"keypoints": flat, "score": sum(flat[2::3]) / len(LANDMARKS)}]}


if __name__ == "__main__":
    main()
